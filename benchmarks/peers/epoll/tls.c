// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL on sockets that do not block, and epoll, as its manual has it.
#define _GNU_SOURCE
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tls.h"

struct end {
  int fd;
  SSL* ssl;
};

static int epoll_fd;
static int listener;
static struct sockaddr_in address;
static SSL_CTX* client_context;
static SSL_CTX* server_context;
static SSL_SESSION* kept_session;
static bool resumes;
static struct end client;
static struct end server;
static char data[kTlsRecord];

static void Require(bool is_done, const char* what) {
  if (is_done) return;
  fprintf(stderr, "epoll: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int KeepSession(SSL* ssl, SSL_SESSION* session) {
  (void)ssl;
  SSL_SESSION_free(kept_session);
  kept_session = session;
  return 1;
}

static void MakeContexts(void) {
  BIO* text = BIO_new_mem_buf(TlsCertificate(), -1);
  X509* certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
  BIO_free(text);
  text = BIO_new_mem_buf(TlsKey(), -1);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
  BIO_free(text);
  server_context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(server_context, certificate);
  SSL_CTX_use_PrivateKey(server_context, key);
  SSL_CTX_set_session_cache_mode(server_context, SSL_SESS_CACHE_OFF);
  client_context = SSL_CTX_new(TLS_client_method());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context), certificate);
  SSL_CTX_set_verify(client_context, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_session_cache_mode(
      client_context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  if (resumes) SSL_CTX_sess_set_new_cb(client_context, KeepSession);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

static void Begin(void) {
  MakeContexts();
  epoll_fd = epoll_create1(0);
  listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  Require(bind(listener, (struct sockaddr*)&address, size) == 0 &&
              listen(listener, 4096) == 0 &&
              getsockname(listener, (struct sockaddr*)&address, &size) == 0,
          "listen");
}

static void Watch(struct end* end, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = end};
  epoll_ctl(epoll_fd, operation, end->fd, &event);
}

static void Start(struct end* end, SSL_CTX* context) {
  int one = 1;
  setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  end->ssl = SSL_new(context);
  SSL_set_fd(end->ssl, end->fd);
  Watch(end, EPOLL_CTL_ADD, EPOLLIN);
}

// The first end that is ready.
static struct end* Wait(void) {
  struct epoll_event event;
  Require(epoll_wait(epoll_fd, &event, 1, 5000) == 1, "epoll_wait");
  return event.data.ptr;
}

static void Connect(void) {
  client.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  Require(
      connect(client.fd, (struct sockaddr*)&address, sizeof(address)) == 0 ||
          errno == EINPROGRESS,
      "connect");
  server.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  Require(server.fd >= 0, "accept");
  Start(&client, client_context);
  Start(&server, server_context);
  SSL_set_tlsext_host_name(client.ssl, "localhost");
  SSL_set1_host(client.ssl, "localhost");
  if (kept_session != NULL) SSL_set_session(client.ssl, kept_session);
  SSL_set_connect_state(client.ssl);
  SSL_set_accept_state(server.ssl);
  SSL_do_handshake(client.ssl);
  while (!SSL_is_init_finished(client.ssl) ||
         !SSL_is_init_finished(server.ssl)) {
    struct end* end = Wait();
    int result = SSL_do_handshake(end->ssl);
    Require(
        result == 1 || SSL_get_error(end->ssl, result) == SSL_ERROR_WANT_READ,
        "handshake");
  }
}

static void Close(struct end* end) {
  SSL_shutdown(end->ssl);
  SSL_free(end->ssl);
  close(end->fd);
}

// Receives `size` bytes, as they come.
static void Receive(struct end* end, int size) {
  while (size > 0) {
    int received = SSL_read(end->ssl, data, size);
    if (received > 0) {
      size -= received;
      continue;
    }
    Require(SSL_get_error(end->ssl, received) == SSL_ERROR_WANT_READ, "read");
    while (Wait() != end) {
    }
  }
}

static void Send(struct end* end, int size) {
  Require(SSL_write(end->ssl, data, size) == size, "write");
}

// Waits before it receives: nothing can be there yet.
static void Trip(struct end* from, struct end* to, int size) {
  Send(from, size);
  while (Wait() != to) {
  }
  Receive(to, size);
}

static double Echo(int size) {
  Begin();
  Connect();
  // The client's tickets.
  Trip(&server, &client, 1);
  double start = 0;
  int trips = -kTlsTrips;
  do {
    if (trips == 0) start = ProcessorSeconds();
    for (int i = 0; i < kTlsTrips; ++i) {
      Trip(&client, &server, size);
      Trip(&server, &client, size);
    }
    trips += kTlsTrips;
  } while (trips <= 0 || ProcessorSeconds() - start < kMeasureSeconds);
  return (ProcessorSeconds() - start) / trips * 1e9;
}

double TlsEcho64(void) { return Echo(64); }
double TlsEcho16384(void) { return Echo(kTlsRecord); }

// Each end does what it can whenever it is ready.
static void SendMany(int records) {
  long left = (long)records * kTlsRecord;
  Watch(&client, EPOLL_CTL_MOD, records > 0 ? EPOLLOUT : 0);
  while (left > 0) {
    if (Wait() == &client) {
      if (records == 0) continue;
      while (records > 0 && SSL_write(client.ssl, data, kTlsRecord) > 0) {
        if (--records == 0) Watch(&client, EPOLL_CTL_MOD, 0);
      }
      continue;
    }
    int size;
    while (left > 0 && (size = SSL_read(server.ssl, data, kTlsRecord)) > 0) {
      left -= size;
    }
  }
}

double TlsBulk(void) {
  Begin();
  Connect();
  SendMany(kTlsRecords);
  double records = 0;
  double start = ProcessorSeconds();
  do {
    SendMany(kTlsRecords);
    records += kTlsRecords;
  } while (ProcessorSeconds() - start < kMeasureSeconds);
  return (ProcessorSeconds() - start) / records * 1e9;
}

// What one end writes is what the other reads: BIOs in memory, as large as they
// need to be.
static void ConnectInMemory(void) {
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  client.ssl = SSL_new(client_context);
  server.ssl = SSL_new(server_context);
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  SSL_set_bio(client.ssl, to_client, to_server);
  SSL_set_bio(server.ssl, to_server, to_client);
  SSL_set1_host(client.ssl, "localhost");
  SSL_set_connect_state(client.ssl);
  SSL_set_accept_state(server.ssl);
  while (!SSL_is_init_finished(client.ssl) ||
         !SSL_is_init_finished(server.ssl)) {
    SSL_do_handshake(client.ssl);
    SSL_do_handshake(server.ssl);
  }
}

static void SealAndOpen(void) {
  for (int i = 0; i < kTlsRecords; ++i) {
    Send(&client, kTlsRecord);
    Require(SSL_read(server.ssl, data, kTlsRecord) == kTlsRecord, "read");
  }
}

double TlsSeal(void) {
  MakeContexts();
  ConnectInMemory();
  SealAndOpen();
  double records = 0;
  double start = ProcessorSeconds();
  do {
    SealAndOpen();
    records += kTlsRecords;
  } while (ProcessorSeconds() - start < kMeasureSeconds);
  return (ProcessorSeconds() - start) / records * 1e9;
}

static void ConnectAndClose(void) {
  Connect();
  Trip(&server, &client, 1);
  Close(&client);
  Close(&server);
}

static double Handshakes(void) {
  Begin();
  for (int i = 0; i < kTlsConnections; ++i) ConnectAndClose();
  int connections = 0;
  double start = ProcessorSeconds();
  do {
    for (int i = 0; i < kTlsConnections; ++i) ConnectAndClose();
    connections += kTlsConnections;
  } while (ProcessorSeconds() - start < kMeasureSeconds);
  return (ProcessorSeconds() - start) / connections * 1e9;
}

double TlsFull(void) { return Handshakes(); }

double TlsResumed(void) {
  resumes = true;
  return Handshakes();
}
