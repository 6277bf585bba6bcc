// Origin for upload measurements: reads a request's body, with a length or chunked, and answers
// with its size. One thread a connection; good for one benchmark, not for a network.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CAPACITY = 256 * 1024 };

// What was read of a connection and not yet used.
struct input {
  int socket;
  size_t start, end;
  char bytes[CAPACITY + 1];
};

// Reads more behind what is there; 0 at the end of the connection, or where nothing more fits.
static int fill(struct input *in) {
  if (in->start == in->end) in->start = in->end = 0;
  if (in->end == CAPACITY) {
    memmove(in->bytes, in->bytes + in->start, in->end - in->start);
    in->end -= in->start;
    in->start = 0;
  }
  ssize_t count = recv(in->socket, in->bytes + in->end, CAPACITY - in->end, 0);
  if (count <= 0) return 0;
  in->end += count;
  in->bytes[in->end] = 0;
  return 1;
}

// The next line or head, up to and with `mark`, ended with 0 in its place; NULL at the end.
static char *take_until(struct input *in, const char *mark) {
  size_t mark_count = strlen(mark);
  char *found;
  while (!(found = memmem(in->bytes + in->start, in->end - in->start, mark, mark_count)))
    if (!fill(in)) return NULL;
  char *text = in->bytes + in->start;
  *found = 0;
  in->start = found + mark_count - in->bytes;
  return text;
}

static int skip(struct input *in, long long count) {
  while (count > 0) {
    if (in->start == in->end && !fill(in)) return 0;
    long long here = in->end - in->start;
    if (here > count) here = count;
    in->start += here;
    count -= here;
  }
  return 1;
}

// The size of the body; -1 where the connection ends within it.
static long long take_chunks(struct input *in) {
  long long total = 0;
  for (;;) {
    char *line = take_until(in, "\r\n");
    if (!line) return -1;
    long long size = strtoll(line, NULL, 16);
    if (!skip(in, size + 2)) return -1;
    if (size == 0) return total;
    total += size;
  }
}

static long long take_body(struct input *in, const char *head) {
  const char *length = strcasestr(head, "\ncontent-length:");
  if (length) {
    long long size = atoll(length + 16);
    return skip(in, size) ? size : -1;
  }
  return strcasestr(head, "\ntransfer-encoding:") ? take_chunks(in) : 0;
}

static void *serve(void *socket) {
  struct input *in = malloc(sizeof *in);
  in->socket = (int)(long)socket;
  in->start = in->end = 0;
  char *head;
  while ((head = take_until(in, "\r\n\r\n"))) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (strcasestr(head, "\nexpect: 100"))
      send(in->socket, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
    long long size = take_body(in, head);
    if (size < 0) break;
    char body[64], answer[256];
    int body_count = sprintf(body, "{\"received\":%lld}", size);
    int count = sprintf(
        answer,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        body_count, body);
    if (send(in->socket, answer, count, MSG_NOSIGNAL) < 0) break;
  }
  close(in->socket);
  free(in);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: sink PORT\n");
    return 64;
  }
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons(atoi(arguments[1])),
      .sin_addr = {htonl(INADDR_LOOPBACK)},
  };
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) {
    perror("sink");
    return 1;
  }
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void *)(long)client)) close(client);
    else pthread_detach(thread);
  }
}
