// SPDX-License-Identifier: MIT
// http/curl_transfer.hpp: one transfer of a libcurl easy handle, by `http::perform` or by your own libcurl multi loop.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <stdio.h>

#include <curl/curl.h>

#include <tenax/http/curl_options.hpp>
#include <tenax/http/curl_response.hpp>
#include <tenax/http/detail/curl_body.hpp>
#include <tenax/http/idempotent.hpp>

namespace tenax::http {

/// One transfer of an easy handle, performed by `http::perform` or by an event loop with libcurl's multi interface.
/// ```
/// http::curl_transfer transfer(easy);            // before curl_multi_add_handle(multi, easy)
/// auto const result = transfer.finish(code);     // the code from curl_multi_info_read
/// ```
/// The constructor sets the handle's functions for headers, for the body and, with libcurl 7.80 or later, the one
/// before requests. The destructor sets them to libcurl's defaults, so set your own functions again afterwards. Destroy
/// the transfer before the handle. It cannot be moved: the handle stores its address.
///
/// libcurl repeats a request by itself when a kept connection breaks before the first byte of the answer. From 7.80 on,
/// the transfer prevents that for requests that must not be sent twice (POST or PATCH without a key): it ends with
/// `CURLE_GOT_NOTHING`.
///
/// Thread safety: like the handle, for one thread at a time.
class curl_transfer {
 public:
  /// `has_idempotency_key`: whether the handle's headers contain one. libcurl does not report this.
  explicit curl_transfer(CURL* easy, bool has_idempotency_key = false)
      : curl_transfer(easy, curl_options{.has_idempotency_key = has_idempotency_key}) {}

  curl_transfer(CURL* easy, curl_options options) : easy_(easy), options_(std::move(options)) {
    response_.has_idempotency_key = options_.has_idempotency_key;
    rewound_ = !options_.rewind || options_.rewind();
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
#if LIBCURL_VERSION_NUM >= 0x075000
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &before_request);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
#endif
  }
  ~curl_transfer() {
    curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, nullptr);
    curl_easy_setopt(easy_, CURLOPT_HEADERDATA, nullptr);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, nullptr);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, stdout);
#if LIBCURL_VERSION_NUM >= 0x075000
    curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, options_.prereq);
    curl_easy_setopt(easy_, CURLOPT_PREREQDATA, options_.prereq_data);
#endif
  }
  curl_transfer(curl_transfer const&) = delete;
  curl_transfer& operator=(curl_transfer const&) = delete;

  /// Whether the source of the body is at its beginning. If not, do not perform the transfer; `finish` then returns
  /// `CURLE_SEND_FAIL_REWIND`.
  [[nodiscard]] bool ready() const noexcept { return rewound_; }

  /// Returns how the transfer ended. Call it once. `code` is libcurl's result. Rethrows an exception of the sink.
  [[nodiscard]] curl_response finish(CURLcode code) {
#if defined(__cpp_exceptions)
    if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
#endif
    response_.code = !rewound_ ? CURLE_SEND_FAIL_REWIND : stopped_repetition_ ? CURLE_GOT_NOTHING : code;
    learn_protocol();
    response_.connected = rewound_ && reached_server();
    long number = 0;
    curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &number);
    response_.proxy_status = number;
#if LIBCURL_VERSION_NUM >= 0x074900
    number = 0;
    curl_easy_getinfo(easy_, CURLINFO_PROXY_ERROR, &number);
    response_.proxy_error = number;
#endif
    number = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &number);
    response_.status = !response_.is_http || has_head_ ? static_cast<int>(number) : 0;
    // If the connection ends within the headers, libcurl reports a complete response.
    if (response_.code == CURLE_OK && response_.status == 0 && number != 0) response_.code = CURLE_PARTIAL_FILE;
    number = 0;
    curl_easy_getinfo(easy_, CURLINFO_REDIRECT_COUNT, &number);
    // A new connection failed after an earlier one had been made: libcurl had already sent a request.
    response_.several_requests =
        number > 0 || requests_ > 1 || (response_.connected && classify(response_.code) == transport_error::unsent);
    if (response_.is_http && response_.method.empty()) learn_method();
    if (!body_can_be_sent_again()) {
      response_.why_not_again = "the body of the request has been read; see .rewind";
    } else if (!sink_can_start_again()) {
      response_.why_not_again = "the sink has received data; see .restart";
    }
    response_.may_be_sent_again = *response_.why_not_again == '\0';
    return std::move(response_);
  }

 private:
  /// Calls a function of the caller from a callback of libcurl. Exceptions must not pass through libcurl.
  template <class F>
  bool guarded(F const& f) {
#if defined(__cpp_exceptions)
    try {
      return f();
    } catch (std::exception const&) {
      thrown_ = std::current_exception();
    }
#if defined(__GLIBCXX__)
    catch (__cxxabiv1::__forced_unwind const&) {
      throw;
    }
#endif
    catch (...) {
      thrown_ = std::current_exception();
    }
    return false;
#else
    return f();
#endif
  }

  /// libcurl's header callback: called for each line of every response, even of proxies, redirects and "100 Continue".
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& me = *static_cast<curl_transfer*>(self);
    std::string_view const line(data, size * count);
    return me.guarded([&] { return me.take_line(line); }) ? line.size() : 0;
  }

  bool take_line(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    auto& headers = response_.headers;
    if (line.substr(0, 5) == "HTTP/") {
      headers.clear();
      has_head_ = unanswered_ = false;
      // Another attempt repeats the first request, not the GET to which a POST may have been redirected.
      if (response_.method.empty()) learn_method();
    } else if (auto const colon = line.find(':'); colon != line.npos) {
      headers.emplace_back(line.substr(0, colon), detail::trimmed(line.substr(colon + 1)));
    } else if (line.empty()) {
      long status = 0;
      curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
      response_.status = static_cast<int>(status);
      has_head_ = reached_server() && !detail::announces(response_.status);
      unanswered_ = false;
    }
    return true;
  }

  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& me = *static_cast<curl_transfer*>(self);
    std::string_view const bytes(data, size * count);
    bool const taken = me.guarded([&] {
      if (!me.options_.sink || me.response_.status / 100 != 2) {
        me.response_.body.append(bytes);
        return true;
      }
      if (bytes.empty()) return true;
      me.fed_ = true;
      return me.options_.sink(me.response_, bytes);
    });
    return taken ? bytes.size() : bytes.size() + 1;
  }

#if LIBCURL_VERSION_NUM >= 0x075000
  /// libcurl calls this before every request of the transfer, including those that libcurl repeats by itself.
  static int before_request(void* self, char* server, char* local, int server_port, int local_port) {
    auto& me = *static_cast<curl_transfer*>(self);
    if (me.unanswered_ && me.must_not_be_repeated()) {
      me.stopped_repetition_ = true;
      return CURL_PREREQFUNC_ABORT;
    }
    if (!me.rewound_) return CURL_PREREQFUNC_ABORT;
    if (me.options_.prereq != nullptr) {
      auto const answer = me.options_.prereq(me.options_.prereq_data, server, local, server_port, local_port);
      if (answer != CURL_PREREQFUNC_OK) return answer;
    }
    me.unanswered_ = true;
    me.has_head_ = false;
    ++me.requests_;
    return CURL_PREREQFUNC_OK;
  }
#endif

  [[nodiscard]] bool must_not_be_repeated() {
    learn_protocol();
    if (!response_.is_http || options_.has_idempotency_key) return false;
    char const* method = nullptr;
#if LIBCURL_VERSION_NUM >= 0x074800
    curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_METHOD, &method);
#endif
    return method == nullptr || !is_idempotent_method(method);
  }

  /// Whether a request may have been sent, at least in part.
  [[nodiscard]] bool reached_server() const {
    curl_off_t until_transfer = 0;
    curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &until_transfer);
#if LIBCURL_VERSION_NUM >= 0x080b00
    curl_off_t early = 0;
    if (curl_easy_getinfo(easy_, CURLINFO_EARLYDATA_SENT_T, &early) == CURLE_OK && early != 0) return true;
#endif
    return until_transfer != 0;
  }

  /// Learns the method of the current request. libcurl before 7.72 does not report it.
  void learn_method() {
    learn_protocol();
    if (!response_.is_http) return;
#if LIBCURL_VERSION_NUM >= 0x074800
    char const* method = nullptr;
    if (curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_METHOD, &method) == CURLE_OK && method != nullptr) {
      response_.method = method;
    }
#endif
  }

  /// Other protocols have methods without a meaning: an upload of mail is a "PUT".
  void learn_protocol() {
    char* scheme = nullptr;
    std::string_view name;
    if (curl_easy_getinfo(easy_, CURLINFO_SCHEME, &scheme) == CURLE_OK && scheme != nullptr) {
      name = scheme;
    } else if (curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_URL, &scheme) == CURLE_OK && scheme != nullptr) {
      std::string_view const url(scheme);
      auto const colon = url.find("://");
      name = colon == url.npos ? std::string_view("http") : url.substr(0, colon);
    }
    response_.is_http = same_name(name, "http") || same_name(name, "https");
  }

  [[nodiscard]] bool body_can_be_sent_again() const {
    if (options_.rewind || !response_.connected) return true;
    bool const failed = http::failed(response_);
    curl_off_t sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (!response_.is_http) return !failed && sent == 0;
    // A success proves that the whole body was sent. A policy may repeat the request nevertheless, as polling does.
    if (sent == 0 && (!failed || response_.method == "GET" || response_.method == "HEAD")) return true;
    if (!failed && !detail::can_copy_any_handle) return true;
    return !detail::reads_body_from_function(easy_);
  }

  [[nodiscard]] bool sink_can_start_again() {
    if (!fed_) return true;
    return http::failed(response_) && options_.restart && options_.restart();
  }

  CURL* easy_;
  curl_options options_;
  curl_response response_;
  std::exception_ptr thrown_{};
  int requests_ = 0;
  bool rewound_ = true;
  bool has_head_ = false;            ///< the headers of the response to the last request are complete
  bool unanswered_ = false;          ///< a request was begun, and no part of its response has arrived
  bool stopped_repetition_ = false;  ///< the transfer has prevented libcurl from repeating a request
  bool fed_ = false;                 ///< the sink has received data
};

}  // namespace tenax::http
