// SPDX-License-Identifier: MIT
// http/curl_options.hpp: options of a libcurl transfer: idempotency key, rewinding of the request body, response sink.
#pragma once

#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

#include <curl/curl.h>

#include <tenax/http/curl_response.hpp>

namespace tenax::http {

/// A function that receives the body of a successful response as it arrives: `f(std::string_view data)`, or
/// `f(http::curl_response const& head, std::string_view data)`, where `head` has the status and the headers. It may
/// return false to end the transfer (`CURLE_WRITE_ERROR`). Exceptions that it throws leave through `http::perform`.
class curl_sink {
 public:
  curl_sink() = default;
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, curl_sink> &&
             (std::is_invocable_v<F&, std::string_view> ||
              std::is_invocable_v<F&, curl_response const&, std::string_view>))
  curl_sink(F f)
      : take_([f = std::move(f)](curl_response const& head, std::string_view data) mutable {
          return call([&]() -> decltype(auto) {
            if constexpr (std::is_invocable_v<F&, std::string_view>) {
              return f(data);
            } else {
              return f(head, data);
            }
          });
        }) {}

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(take_); }
  bool operator()(curl_response const& head, std::string_view data) const { return take_(head, data); }

 private:
  template <class Call>
  static bool call(Call const& c) {
    if constexpr (std::is_void_v<decltype(c())>) {
      c();
      return true;
    } else {
      return static_cast<bool>(c());
    }
  }

  std::function<bool(curl_response const&, std::string_view)> take_;
};

/// Facts about a transfer that libcurl does not report, and where the response's data goes.
struct curl_options {
  /// Whether the request carries an idempotency key.
  bool has_idempotency_key = false;
  /// Sets the source of the request's body back to its beginning; returns false if it cannot. Called before every
  /// transfer. Without it, a request whose body comes from a `CURLOPT_READFUNCTION` is not sent again once libcurl may
  /// have read it.
  std::function<bool()> rewind{};
  /// Receives the body of a response with a status of 2xx, which is then not stored in `curl_response::body`.
  curl_sink sink{};
  /// Makes the sink ready for another response after a failed transfer that gave it data; returns false if that is
  /// impossible. Without it, the request is not sent again after such a transfer, so that the sink never gets parts of
  /// two responses.
  std::function<bool()> restart{};
#if LIBCURL_VERSION_NUM >= 0x075000
  /// Your own `CURLOPT_PREREQFUNCTION` and `CURLOPT_PREREQDATA`. Pass them here: the transfer replaces the handle's.
  curl_prereq_callback prereq = nullptr;
  void* prereq_data = nullptr;
#endif
};

}  // namespace tenax::http
