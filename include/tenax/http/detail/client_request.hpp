// SPDX-License-Identifier: MIT
// http/detail/client_request.hpp: one request of a `retrying_client`, and its attempts.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenax/http/attempt_headers.hpp>
#include <tenax/http/detail/client_control.hpp>
#include <tenax/http/detail/owner.hpp>
#include <tenax/http/detail/replay.hpp>
#include <tenax/http/httplib_result.hpp>
#include <tenax/http/idempotency_key.hpp>

namespace tenax::http::detail {

inline bool takes_key(std::string_view method) { return method == "POST" || method == "PATCH"; }
inline bool has_key(httplib::Headers const& headers) { return headers.find("Idempotency-Key") != headers.end(); }

/// Gives a request headers of its own, with an idempotency key. Returns false if the request needs none.
inline bool make_keyed(std::string_view method, httplib::Headers const& given, key_format format,
                       httplib::Headers& own) {
  if (!takes_key(method) || has_key(given)) return false;
  own = given;
  own.emplace("Idempotency-Key", make_idempotency_key(format));
  return true;
}

// What a client need not have is reached through a pointer or a virtual function, which only its setter makes. A
// program that does not call the setter does not compile it.

/// Makes the headers of an attempt that tell the server which one it is.
struct attempt_header_list {
  virtual ~attempt_header_list() = default;
  /// Sets `all` to the request's headers and those of the attempt. Returns false if a function of the caller throws.
  virtual bool make(streaming& state, httplib::Headers const& given, attempt_info const& info,
                    httplib::Headers& all) const = 0;
};

struct attempt_header_functions final : attempt_header_list {
  std::vector<std::function<attempt_header(attempt_info const&)>> functions{};

  bool make(streaming& state, httplib::Headers const& given, attempt_info const& info,
            httplib::Headers& all) const override {
    return call_caller(state, [&] {
      all = given;
      for (auto const& f : functions) add(all, f(info));
      return true;
    });
  }

 private:
  /// The value of a header that the request has itself is extended by a comma and the new value, as a list in HTTP.
  static void add(httplib::Headers& all, attempt_header const& h) {
    if (!h) return;
    if (auto const own = all.find(h.name()); own != all.end()) {
      own->second.append(",").append(h.value());
    } else {
      all.emplace(h.name(), h.value());
    }
  }
};

inline auto& functions_of(owner<attempt_header_list>& list) {
  if (list.get() == nullptr) list = owner<attempt_header_list>(new attempt_header_functions);
  return static_cast<attempt_header_functions&>(*list).functions;
}

/// What belongs to a request of a client. Everything it refers to outlives the request.
struct request_parts {
  client_control& control;
  streaming& state;
  request sent;
  std::string const& path;
  httplib::Headers const& headers;
  attempt_header_list const* more_headers;
};

/// One request of a client, over all its attempts.
struct client_request : request_parts {
  explicit client_request(request_parts const& parts) : request_parts(parts), call(parts.control) {}
  client_request(client_request const&) = delete;
  client_request& operator=(client_request const&) = delete;

  /// Sends the request once.
  virtual httplib::Result send(httplib::Headers const& all) = 0;
  /// The client's socket, and how to close it.
  [[nodiscard]] virtual int socket() const = 0;
  virtual void close() = 0;

  client_call call;
  bool nested = current_attempt().can_stop();

 protected:
  ~client_request() = default;
};

/// The same for a client: `send(headers)` sends the request once.
template <class Client, class Send>
struct request_by final : client_request {
  request_by(request_parts const& parts, Client& c, Send const& send) : client_request(parts), client(c), sends(send) {}
  httplib::Result send(httplib::Headers const& all) override { return sends(all); }
  [[nodiscard]] int socket() const override { return static_cast<int>(client.socket()); }
  void close() override { client.stop(); }

  Client& client;
  Send const& sends;
};

/// A result of cpp-httplib without a response.
inline httplib::Result no_response(httplib::Error why) { return httplib::Result(nullptr, why); }

/// Sends a request once, with the headers of the attempt. An exception of the caller's functions ends the call.
inline httplib::Result send_once(client_request& r, attempt_info const& info) {
  if (r.more_headers == nullptr) return r.send(r.headers);
  httplib::Headers all;
  if (!r.more_headers->make(r.state, r.headers, info, all)) return no_response(httplib::Error::Canceled);
  return r.send(all);
}

/// Makes an attempt when it is this call's turn, and adds to the result what only the client knows. `polls`: the token
/// cannot call back and must be polled.
inline httplib_result make_attempt(client_request& r, attempt_info const& info, bool polls) {
  client_attempt attempt(r.control, r.call, polls || r.nested);
  httplib_result result(no_response(httplib::Error::Canceled), r.sent, r.path);
  if (!attempt.has_turn()) {
    // Nothing was sent.
    result.cause = attempt.why() == cut::by_time ? transport_error::unsent : transport_error::cancelled;
    return result;
  }
  attempt.use(r.socket());
  {
    platform::no_sigpipe const quiet;
    static_cast<httplib::Result&>(result) = send_once(r, info);
  }
  auto& state = r.state;
  result.delivered = state.delivered;
  result.redirected = attempt.answers > (result ? 1 : 0) || (result && !result->location.empty());
  if (result && is_interim(result->status)) {
    // The final response is still to come on this connection. The next request must not take it for its own.
    static_cast<httplib::Result&>(result) = no_response(httplib::Error::Read);
    r.close();
    result.cause = transport_error::interrupted;
  }
  if (result) return result;
  if (state.failed_head) {
    result.broken_off.emplace(std::move(*state.failed_head));
    state.failed_head.reset();
  }
  auto const why = attempt.why();
  if (state.refused) {
    result.cause = transport_error::permanent;
  } else if (why == cut::by_stop) {
    result.cause = transport_error::cancelled;
  } else if (http::error_of(result) == transport_error::unsent) {
    if (result.redirected) result.cause = transport_error::interrupted;
  } else if (why == cut::by_time && http::error_of(result) != transport_error::permanent) {
    result.cause = transport_error::timed_out;
  }
  return result;
}

}  // namespace tenax::http::detail
