// SPDX-License-Identifier: Apache-2.0

#include "server.h"

#include <boost/asio.hpp>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <utility>

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

constexpr std::size_t kBufferSize = 1 << 16;

awaitable<void> Echo(tcp::socket socket) {
  const auto memory = std::make_unique_for_overwrite<char[]>(kBufferSize);
  const asio::mutable_buffer buffer(memory.get(), kBufferSize);
  try {
    for (;;) {
      const std::size_t size =
          co_await socket.async_read_some(buffer, use_awaitable);
      co_await asio::async_write(socket, asio::buffer(buffer, size),
                                 use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The client has gone.
  }
}

awaitable<void> AcceptForever(tcp::acceptor& acceptor, bool echo) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
    if (!echo) continue;
    socket.set_option(tcp::no_delay(true));
    asio::co_spawn(acceptor.get_executor(), Echo(std::move(socket)),
                   asio::detached);
  }
}

}  // namespace

int Serve(bool echo) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context);
  acceptor.open(tcp::v4());
  acceptor.bind({asio::ip::address_v4::loopback(), 0});
  acceptor.listen(4096);
  std::printf("listening\t%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, AcceptForever(acceptor, echo), asio::detached);
  context.run();
  return 0;
}
