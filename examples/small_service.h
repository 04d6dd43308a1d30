// SPDX-License-Identifier: Apache-2.0
//
// OrderService: answers a request with what a database and another service say.
//
//   GET /orders/7   "order 7: 3 of item 12 at 250: 750"
//
// The order comes from PostgreSQL, the price of its item by HTTP. Each request
// has a deadline for all of it; what is cancelled by it leaves the connections
// fit for the next one.

#ifndef EXAMPLES_SMALL_SERVICE_H_
#define EXAMPLES_SMALL_SERVICE_H_

#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "creche/creche.h"
#include "creche/curl/http_client.h"
#include "creche/postgres/postgres_connection.h"
#include "examples/http_server.h"

namespace examples {

class OrderService {
 public:
  // `prices`: a URL; below it are the prices, by the numbers of the items.
  OrderService(std::string conninfo, std::string prices,
               absl::Duration deadline)
      : prices_(std::move(prices)),
        deadline_(deadline),
        db_([conninfo = std::move(conninfo)]() -> DbTask {
          co_return co_await creche::PostgresConnection::Connect(conninfo);
        }) {}

  creche::Task<HttpAnswer> Answer(HttpRequest request) {
    absl::string_view path = request.target;
    int id = 0;
    if (!absl::ConsumePrefix(&path, "/orders/") ||
        !absl::SimpleAtoi(path, &id)) {
      co_return HttpAnswer("there are /orders/NUMBER\n", "404 Not Found");
    }
    auto billing = creche::FailAfter(deadline_, Bill(id));
    const absl::StatusOr<std::string> bill = co_await std::move(billing);
    if (bill.ok()) co_return *bill;
    std::cerr << "order " << id << ": " << bill.status() << std::endl;
    co_return AnswerFor(bill.status());
  }

 private:
  using DbTask = creche::Task<absl::StatusOr<creche::PostgresConnection>>;

  struct Order {
    Order() {}  // NOLINT: no aggregate: see the FAQ about g++ 12.

    std::int64_t item = 0;
    std::int64_t quantity = 0;
  };

  // What clients are told; the log has the rest.
  static HttpAnswer AnswerFor(const absl::Status& error) {
    if (absl::IsNotFound(error)) {
      return HttpAnswer("no such order\n", "404 Not Found");
    }
    if (absl::IsDeadlineExceeded(error)) {
      return HttpAnswer("it takes too long\n", "504 Gateway Timeout");
    }
    return HttpAnswer("try again later\n", "503 Service Unavailable");
  }

  creche::Task<absl::StatusOr<std::string>> Bill(int id) {
    const Order order = co_await creche::Try(FindOrder(id));
    const std::int64_t price = co_await creche::Try(FindPrice(order.item));
    co_return absl::StrCat("order ", id, ": ", order.quantity, " of item ",
                           order.item, " at ", price, ": ",
                           order.quantity * price, "\n");
  }

  creche::Task<absl::StatusOr<Order>> FindOrder(int id) {
    auto lease = co_await creche::Try(db_.Borrow());
    // However this ends: a query that is cancelled leaves a connection that can
    // be used, or a closed one, which the pool sees.
    const absl::Cleanup give_back = [&] { lease.Return(); };
    std::vector<std::optional<std::string>> parameters = {absl::StrCat(id)};
    const creche::PostgresResult result = co_await creche::Try(lease->Execute(
        "SELECT item, quantity FROM orders WHERE id = $1", parameters));
    if (result.rows.empty()) co_return absl::NotFoundError("no such order");
    const auto& row = result.rows[0];
    Order order;
    if (!absl::SimpleAtoi(row[0].value_or(""), &order.item) ||
        !absl::SimpleAtoi(row[1].value_or(""), &order.quantity)) {
      co_return absl::DataLossError("an order without item or quantity");
    }
    co_return order;
  }

  creche::Task<absl::StatusOr<std::int64_t>> FindPrice(std::int64_t item) {
    creche::HttpRequest request(absl::StrCat(prices_, "/", item));
    const creche::HttpResponse response =
        co_await creche::Try(http_.Fetch(std::move(request)));
    std::int64_t price = 0;
    if (response.code != 200 || !absl::SimpleAtoi(response.body, &price)) {
      co_return absl::UnavailableError(
          absl::StrCat("no price of item ", item, ": HTTP ", response.code));
    }
    co_return price;
  }

  const std::string prices_;
  const absl::Duration deadline_;
  creche::Pool<creche::PostgresConnection> db_;
  creche::HttpClient http_;
};

}  // namespace examples

#endif  // EXAMPLES_SMALL_SERVICE_H_
