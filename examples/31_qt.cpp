// SPDX-License-Identifier: MIT
// 31_qt.cpp: shows callback_retry in Qt's event loop: QNetworkAccessManager fetches pages from a server that fails at
// first, asks for a wait, or does not answer at all.
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <httplib.h>
#include <QCoreApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QTimer>
#include <tenax/async/callback.hpp>
#include <tenax/gate/rate_limiter.hpp>
#include <tenax/http.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

// --- Qt for callback_retry -------------------------------------------------------------------------------------------

// [loop]
/// Qt's event loop: timers, and functions that other threads post.
struct qt_loop {
  auto operator()(tenax::duration d, tenax::callback_alarm f) const {
    auto* const timer = new QTimer(qApp);
    timer->setSingleShot(true);
    timer->setTimerType(Qt::PreciseTimer);
    QObject::connect(timer, &QTimer::timeout, timer, [timer, f] {
      timer->deleteLater();
      f();
    });
    timer->start(std::chrono::ceil<std::chrono::milliseconds>(d));
    return [timer] { delete timer; };
  }
  void post(std::function<void()> f) const { QMetaObject::invokeMethod(qApp, std::move(f), Qt::QueuedConnection); }
};
// [/loop]

// [page]
/// What is kept of a reply of Qt.
struct page {
  int status = 0;
  http::transport_error error = http::transport_error::none;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool redirected = false;  // by Qt, to another request
};

template <>
struct tenax::http::response_traits<page> {
  static int status(page const& p) { return p.status; }
  static auto const& headers(page const& p) { return p.headers; }
  static transport_error error(page const& p) { return p.error; }
  static bool may_have_redirected(page const& p) { return p.redirected; }
};

page read(QNetworkReply& r) {
  page p;
  p.status = r.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
  for (auto const& [name, value] : r.rawHeaderPairs()) p.headers.emplace_back(name.toStdString(), value.toStdString());
  p.body = r.readAll().toStdString();
  p.redirected = r.property("redirected").toBool();
  switch (r.error()) {
    case QNetworkReply::NoError: return p;
    case QNetworkReply::ConnectionRefusedError:
    case QNetworkReply::HostNotFoundError: p.error = http::transport_error::unsent; break;
    case QNetworkReply::ProtocolUnknownError:
    case QNetworkReply::SslHandshakeFailedError: p.error = http::transport_error::permanent; break;
    default: p.error = http::transport_error::interrupted; break;
  }
  if (p.status < 400) p.status = 0;  // a success whose body broke off
  return p;
}
// [/page]

// [fetch]
/// Fetches a page with retries, and calls `done` with a `report<page>`.
template <class Policy, class Done>
tenax::callback_call fetch(QNetworkAccessManager& network, QUrl const& url, Policy const& policy, Done done) {
  auto const start = [&network, url](tenax::callback_reply<page> const& reply) {
    auto* const r = network.get(QNetworkRequest(url));
    QObject::connect(r, &QNetworkReply::redirected, r, [r] { r->setProperty("redirected", true); });
    QObject::connect(r, &QNetworkReply::finished, r, [r, reply] {
      r->deleteLater();
      if (reply.expected()) reply(read(*r));
    });
    return [r] {  // for an attempt that takes too long
      r->abort();
      page p;
      p.error = http::transport_error::timed_out;
      return p;
    };
  };
  return tenax::callback_retry<page>(policy, qt_loop(), start, std::move(done));
}
// [/fetch]

// --- the server ------------------------------------------------------------------------------------------------------

/// Fails at the first request for a page, in a way that depends on the page.
class moody_pages {
 public:
  void set_up(httplib::Server& server) {
    server.Get(R"(/(\w+))", [this](httplib::Request const& request, httplib::Response& r) {
      bool const first = is_first(request.path);
      if (first && request.path == "/broken") {  // announces a hundred bytes, and breaks the connection
        return r.set_content_provider(100, "text/plain", [](auto, auto, auto&) { return false; });
      }
      r.set_content("a page\n", "text/plain");
      if (request.path == "/gone") r.status = 404;
      if (first && request.path == "/busy") r.status = 503;
      if (first && request.path == "/limited") {
        r.status = 429;
        r.set_header("Retry-After", "1");
      }
      if (first && request.path == "/silent") std::this_thread::sleep_for(800ms);
    });
  }

 private:
  bool is_first(std::string const& path) {
    std::lock_guard const lock(mutex_);
    return ++asked_[path] == 1;
  }

  std::mutex mutex_;
  std::map<std::string, int> asked_;
};

int main(int argc, char** argv) {
  QCoreApplication const app(argc, argv);
  moody_pages moody;
  loopback const server([&](httplib::Server& s) { moody.set_up(s); });

  // [call]
  QNetworkAccessManager network;
  tenax::rate_limiter limiter(tenax::per_second(100).with_burst(5));
  auto const policy = http::standard_retry("GET")
                          .wait(tenax::wait::exponential({.base = 10ms, .max = 1s}).full())
                          .attempt_timeout(400ms)
                          .through(std::ref(limiter));

  std::map<std::string, std::string> results;
  std::vector<tenax::callback_call> calls;
  for (auto const* const name : {"fine", "busy", "limited", "silent", "broken", "gone"}) {
    auto const url = QUrl(QString::fromStdString(server.url() + "/" + name));
    calls.push_back(fetch(network, url, policy, [&, name](tenax::report<page> const& r) {
      results[name] = std::to_string(r.attempts) + " attempts, " +
                      (r.has_value() ? "status " + std::to_string(r.result.value().status) : "no response") + ": " +
                      to_string(r.reason);
      if (results.size() == 6) QCoreApplication::quit();
    }));
  }
  QCoreApplication::exec();
  // [/call]

  for (auto const& [name, result] : results) std::printf("%-8s %s\n", name.c_str(), result.c_str());
}
