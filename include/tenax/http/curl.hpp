// SPDX-License-Identifier: MIT
// http/curl.hpp: libcurl's transfers. Tested with libcurl 7.88.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include <tenax/http/advice.hpp>

namespace tenax::http {

/// Whether a libcurl error may pass, and whether the server can have seen the request.
[[nodiscard]] constexpr transport_error classify(CURLcode code) noexcept {
  switch (code) {
    case CURLE_OK:
    case CURLE_HTTP_RETURNED_ERROR: return transport_error::none;  // of a handle with CURLOPT_FAILONERROR
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
#if LIBCURL_VERSION_NUM >= 0x074500
    case CURLE_QUIC_CONNECT_ERROR:
#endif
    case CURLE_SSL_CONNECT_ERROR: return transport_error::unsent;
    case CURLE_OPERATION_TIMEDOUT: return transport_error::timed_out;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
#if LIBCURL_VERSION_NUM >= 0x074400
    case CURLE_HTTP3:
#endif
    case CURLE_AGAIN: return transport_error::interrupted;
    case CURLE_ABORTED_BY_CALLBACK: return transport_error::cancelled;
    default: return transport_error::permanent;
  }
}

/// How one transfer of an easy handle ended. Made by `http::curl_transfer`.
struct curl_response {
  CURLcode code = CURLE_OK;                                  ///< what `curl_easy_perform` returned
  int status = 0;                                            ///< 0 if no response arrived
  std::string method;                                        ///< of the request, before redirections
  std::vector<std::pair<std::string, std::string>> headers;  ///< of the last response
  std::string body;
  bool connected = true;             ///< whether there was a connection to send the request on
  bool has_idempotency_key = false;  ///< as the caller of `perform` says
};

template <>
struct response_traits<curl_response> {
  static int status(curl_response const& r) { return classify(r.code) == transport_error::none ? r.status : 0; }
  static auto const& headers(curl_response const& r) { return r.headers; }
  /// libcurl has one code for all its timeouts; one while connecting means that the server has seen nothing.
  static transport_error error(curl_response const& r) {
    return r.code == CURLE_OPERATION_TIMEDOUT && !r.connected ? transport_error::unsent : classify(r.code);
  }
  static std::string_view body(curl_response const& r) { return r.body; }
  static std::string_view method(curl_response const& r) { return r.method; }
  static bool has_idempotency_key(curl_response const& r) { return r.has_idempotency_key; }
};

namespace detail {

inline std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' || text.back() == '\t')) {
    text.remove_suffix(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

}  // namespace detail

/// One transfer of an easy handle, whoever performs it: `http::perform`, or an event loop with libcurl's multi interface.
/// ```
/// http::curl_transfer transfer(easy);            // before curl_multi_add_handle(multi, easy)
/// auto const result = transfer.finish(code);     // what curl_multi_info_read said
/// ```
/// It sets the handle's functions for headers and body, and resets them at the end of its life, which must not be later
/// than the handle's. Stays where it is: the handle knows its address.
///
/// Thread safety: as for the handle, one thread at a time.
class curl_transfer {
 public:
  /// `has_idempotency_key`: whether the handle's headers contain one, which libcurl does not tell.
  explicit curl_transfer(CURL* easy, bool has_idempotency_key = false) : easy_(easy) {
    response_.has_idempotency_key = has_idempotency_key;
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  }
  ~curl_transfer() {
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, nullptr);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, nullptr);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, nullptr);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, nullptr);
  }
  curl_transfer(curl_transfer const&) = delete;
  curl_transfer& operator=(curl_transfer const&) = delete;

  /// How the transfer ended, once: `code` is what libcurl said.
  [[nodiscard]] curl_response finish(CURLcode code) {
    response_.code = code;
    curl_off_t until_transfer = 0;
    curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &until_transfer);
    response_.connected = until_transfer != 0;
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    if (response_.method.empty()) learn_method();
    return std::move(response_);
  }

 private:
  /// libcurl calls it with one line at a time, of every response: redirections, "100 Continue", and the last one.
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<curl_transfer*>(self);
    auto& headers = transfer.response_.headers;
    std::string_view const line(data, size * count);
    if (line.substr(0, 5) == "HTTP/") {
      headers.clear();
      // Another attempt repeats the first request, and not the GET to which a POST may have been redirected.
      if (transfer.response_.method.empty()) transfer.learn_method();
    } else if (auto const colon = line.find(':'); colon != line.npos) {
      headers.emplace_back(line.substr(0, colon), detail::without_blanks(line.substr(colon + 1)));
    }
    return line.size();
  }

  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self) {
    static_cast<curl_transfer*>(self)->response_.body.append(data, size * count);
    return size * count;
  }

  /// The method of the request that is under way; libcurl before 7.72 does not tell.
  void learn_method() {
#if LIBCURL_VERSION_NUM >= 0x074800
    char const* method = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_METHOD, &method) == CURLE_OK && method != nullptr) {
      response_.method = method;
    }
#endif
  }

  CURL* easy_;
  curl_response response_;
};

/// Performs the transfer that `easy` is set up for and returns how it ended, with headers and body: an operation for
/// `tenax::retrying`. It sets the handle's functions for headers and body, and resets them afterwards. A failure of a
/// transfer is no exception; what memory allocation throws passes through.
///
/// `has_idempotency_key`: whether the handle's headers contain one, which libcurl does not tell.
///
/// Thread safety: as for the handle, one thread at a time.
[[nodiscard]] inline curl_response perform(CURL* easy, bool has_idempotency_key = false) {
  curl_transfer transfer(easy, has_idempotency_key);
  return transfer.finish(curl_easy_perform(easy));
}

}  // namespace tenax::http

/// What `curl_easy_perform` returns, as a result: a transfer that failed may be tried again if its error may pass. The status
/// of the response is not in it; `http::perform` has it.
template <>
struct tenax::result_traits<CURLcode> {
  static constexpr bool can_fail = true;

  static constexpr bool failed(CURLcode code) noexcept { return code != CURLE_OK; }
  static constexpr bool transient(CURLcode code) noexcept {
    using http::transport_error;
    auto const error = http::classify(code);
    return error == transport_error::unsent || error == transport_error::interrupted ||
           error == transport_error::timed_out;
  }
  static constexpr hint advice(CURLcode code) noexcept {
    if (http::classify(code) == http::transport_error::cancelled) return {.directive = hint::advice::cancelled};
    return {};
  }
  template <class Out>
  static void describe(CURLcode code, Out& out) {
    out.text(curl_easy_strerror(code));
  }
};
