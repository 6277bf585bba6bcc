// What Swift cannot import by itself: headers outside Glibc's module, variadic functions, and
// macros that look like functions. One line each; nothing here decides anything.
#ifndef PENSTOCK_CSYSTEM_H
#define PENSTOCK_CSYSTEM_H

// Without _GNU_SOURCE, for with it the types of <sys/select.h> and others differ from those of
// Glibc's module, and the compiler may come to see both.
#include <curl/curl.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <string.h>
#include <unistd.h>

// --- libcurl: curl_easy_setopt and its kin are variadic, so one typed face for each kind of value

static inline CURLcode cs_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode cs_easy_set_text(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode cs_easy_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}
static inline CURLcode cs_easy_set_open_socket(CURL *easy, curl_opensocket_callback function) {
  return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode cs_easy_set_share(CURL *easy, CURLSH *share) {
  return curl_easy_setopt(easy, CURLOPT_SHARE, share);
}
static inline CURLcode cs_easy_active_socket(CURL *easy, curl_socket_t *socket) {
  return curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, socket);
}
static inline CURLcode cs_easy_os_errno(CURL *easy, long *number) {
  return curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, number);
}
static inline CURLcode cs_easy_time(CURL *easy, CURLINFO which, curl_off_t *microseconds) {
  return curl_easy_getinfo(easy, which, microseconds);
}
static inline CURLMcode cs_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode cs_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode cs_multi_set_socket_function(CURLM *m, curl_socket_callback function) {
  return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, function);
}
static inline CURLMcode cs_multi_set_timer_function(CURLM *m, curl_multi_timer_callback function) {
  return curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, function);
}
static inline CURLSHcode cs_share_set_long(CURLSH *share, CURLSHoption option, long value) {
  return curl_share_setopt(share, option, value);
}
// Deprecated for looking at every socket, which is exactly what a refused address needs.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline CURLMcode cs_multi_socket_all(CURLM *multi, int *running) {
  return curl_multi_socket_all(multi, running);
}
#pragma GCC diagnostic pop
// CURLMsg holds a union; its result is the only member that is read.
static inline CURLcode cs_message_result(const CURLMsg *message) { return message->data.result; }

// --- OpenSSL: control macros

static inline long cs_ssl_ctx_set_min_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}
static inline long cs_ssl_ctx_set_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_mode(context, mode);
}
static inline long cs_ssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline void cs_ssl_ctx_set_read_ahead(SSL_CTX *context, int on) {
  SSL_CTX_set_read_ahead(context, on);
}
static inline long cs_ssl_set_host_name(SSL *ssl, const char *name) {
  return SSL_set_tlsext_host_name(ssl, name);
}
static const uint64_t cs_ssl_op_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t cs_ssl_op_no_compression = SSL_OP_NO_COMPRESSION;
static inline int cs_err_reason(unsigned long error) { return ERR_GET_REASON(error); }

// --- Linux calls that Glibc's module leaves out

int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);
static inline int cs_accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
  return accept4(listener, address, length, flags);
}

// Bytes from a socket into a pipe, or from a pipe into a socket, without a copy. The calls never
// block, whatever the descriptors say.
ssize_t splice(int from, off_t *fromOffset, int to, off_t *toOffset, size_t count, unsigned flags);
static inline ssize_t cs_splice(int from, int to, size_t count, int more) {
  return splice(from, NULL, to, NULL, count, 1 /* MOVE */ | 2 /* NONBLOCK */ | (more ? 4 : 0));
}
int pipe2(int ends[2], int flags);
static inline int cs_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }
// Returns the size in bytes that the pipe has then, -1 with errno.
static inline int cs_pipe_resize(int end, int bytes) {
  int now = fcntl(end, 1031 /* F_SETPIPE_SZ */, bytes);
  return now >= 0 ? now : fcntl(end, 1032 /* F_GETPIPE_SZ */);
}
// Bytes that a socket has taken and its peer has not, -1 with errno (SIOCOUTQ, tcp(7), unix(7)).
int ioctl(int descriptor, unsigned long request, ...);
static inline int cs_unacknowledged(int socket) {
  int bytes = 0;
  return ioctl(socket, 0x5411, &bytes) == 0 ? bytes : -1;
}
// O_TMPFILE, which wants _GNU_SOURCE; open is variadic besides.
static inline int cs_open_unnamed(const char *directory) {
  return open(directory, __O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}
// 1 where reading these bytes would not wait for a disk, as far as the kernel says.
static inline int cs_is_resident(int file, off_t offset, size_t count) {
  long page = sysconf(_SC_PAGESIZE);
  off_t start = offset / page * page;
  size_t length = (size_t)(offset - start) + count;
  size_t pages = (length + page - 1) / page;
  unsigned char states[512];
  if (pages > sizeof states) return 0;
  void *mapped = mmap(NULL, length, PROT_READ, MAP_SHARED, file, start);
  if (mapped == MAP_FAILED) return 0;
  int isResident = mincore(mapped, length, states) == 0;
  for (size_t index = 0; isResident && index < pages; index++) isResident = states[index] & 1;
  munmap(mapped, length);
  return isResident;
}
static inline ssize_t cs_sendfile(int socket, int file, off_t *offset, size_t count) {
  return sendfile(socket, file, offset, count);
}

void *memmem(const void *text, size_t textCount, const void *part, size_t partCount);
static inline int cs_contains(const void *text, size_t textCount, const void *part, size_t partCount) {
  return memmem(text, textCount, part, partCount) != NULL;
}

static inline void cs_malloc_trim(void) { malloc_trim(0); }
// Of all arenas; mallinfo(3) says of the main one only, which is no longer so.
static inline void cs_malloc_bytes(size_t *used, size_t *free) {
  struct mallinfo2 info = mallinfo2();
  *used = info.uordblks + info.hblkhd;
  *free = info.fordblks;
}

// --- digests

// The low-level calls, deprecated in OpenSSL 3: the others allocate three times a digest.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void cs_sha256(const void *bytes, size_t count, uint8_t out[32]) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes, count);
  SHA256_Final(out, &context);
}
#pragma GCC diagnostic pop

static inline void cs_hmac_sha256(
    const void *key, size_t keyCount, const void *bytes, size_t count, uint8_t out[32]) {
  unsigned int outCount = 32;
  HMAC(EVP_sha256(), key, (int)keyCount, bytes, count, out, &outCount);
}
// 0, or -1 where the kernel has none to give.
static inline int cs_random(void *out, size_t count) {
  return getrandom(out, count, 0) == (ssize_t)count ? 0 : -1;
}

// --- raw deflate, by zlib or ISA-L

#include "CSystemDeflate.h"

#endif
