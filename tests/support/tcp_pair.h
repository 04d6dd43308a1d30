// SPDX-License-Identifier: Apache-2.0
//
// MakeTcpPair: both ends of a TCP connection on the loopback interface.

#ifndef CRECHE_TESTS_SUPPORT_TCP_PAIR_H_
#define CRECHE_TESTS_SUPPORT_TCP_PAIR_H_

#include <utility>

#include "creche/core/task.h"
#include "creche/net/connect_tcp.h"
#include "creche/net/tcp_listener.h"
#include "creche/net/tcp_stream.h"

namespace creche {

struct TcpPair {
  TcpPair(TcpStream first, TcpStream second)
      : client(std::move(first)), server(std::move(second)) {}
  TcpStream client;
  TcpStream server;
};

inline Task<TcpPair> MakeTcpPair() {
  TcpListener listener =
      ListenTcp(*SocketAddress::Parse("127.0.0.1", 0)).value();
  auto connect = ConnectTcp(listener.local_address());
  TcpStream client = (co_await std::move(connect)).value();
  TcpStream server = (co_await listener.Accept()).value();
  co_return TcpPair(std::move(client), std::move(server));
}

}  // namespace creche

#endif  // CRECHE_TESTS_SUPPORT_TCP_PAIR_H_
