// The least that a proxy can do for a download from a TLS upstream: OpenSSL on one socket, send on
// the other, and nothing else. One connection at a time, blocking.
//
// usage: floor PORT UPSTREAM_PORT CERTIFICATES [READ_BUFFER [WRITE]]
// READ_BUFFER: what one read of the socket may take, 0 for OpenSSL's own; WRITE: bytes that are
// collected before they are sent.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 20];

static void serve(int client, SSL_CTX *context, int port, size_t collected) {
  char head[4096];
  if (recv(client, head, sizeof head, 0) <= 0) return;
  int upstream = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(upstream, (struct sockaddr *)&address, sizeof address)) return;
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, upstream);
  SSL_set1_host(ssl, "localhost");
  if (SSL_connect(ssl) != 1) return;
  const char *request = "GET /1g HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  SSL_write(ssl, request, (int)strlen(request));
  size_t count = 0;
  while (1) {
    int read = SSL_read(ssl, buffer + count, (int)(sizeof buffer - count));
    if (read > 0) count += (size_t)read;
    if (count >= collected || (read <= 0 && count > 0)) {
      for (size_t sent = 0; sent < count;) {
        ssize_t moved = send(client, buffer + sent, count - sent, 0);
        if (moved <= 0) goto end;
        sent += (size_t)moved;
      }
      count = 0;
    }
    if (read <= 0) break;
  }
end:
  SSL_free(ssl);
  close(upstream);
}

int main(int count, char **words) {
  if (count < 4) return 64;
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_load_verify_file(context, words[3]);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_read_ahead(context, 1);
  size_t read = count > 4 ? strtoul(words[4], NULL, 10) : 0;
  if (read) SSL_CTX_set_default_read_buffer_len(context, read);
  size_t collected = count > 5 ? strtoul(words[5], NULL, 10) : 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address)) return 1;
  listen(listener, 16);
  while (1) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    serve(client, context, atoi(words[2]), collected);
    close(client);
  }
}
