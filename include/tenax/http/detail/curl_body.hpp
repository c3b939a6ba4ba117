// SPDX-License-Identifier: MIT
// http/detail/curl_body.hpp: finds out where a libcurl easy handle reads the body of its request from.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <curl/curl.h>

#include <tenax/platform/sockets.hpp>

namespace tenax::http::detail {

/// Finds out whether libcurl would call the handle's read function for the body; libcurl has no function for that.
/// Copies the easy handle and sends the copy's request to a socket of this process. The request's headers are left out,
/// and the caller's functions are not called. Takes a fraction of a millisecond, for uploads and failed transfers only.
class body_probe {
 public:
  explicit body_probe(CURL* easy) {
    auto const listener = platform::listen_on_loopback();
    if (listener.socket < 0) return;
    listener_ = listener.socket;
    url_ = "http://127.0.0.1:" + std::to_string(listener.port) + "/";
    copy_.reset(curl_easy_duphandle(easy));
    multi_.reset(curl_multi_init());
    request_headers_.reset(curl_slist_append(nullptr, "Expect: 100-continue"));
  }
  body_probe(body_probe const&) = delete;
  body_probe& operator=(body_probe const&) = delete;
  ~body_probe() {
    if (copy_ && multi_) curl_multi_remove_handle(multi_.get(), copy_.get());
    platform::close_socket(peer_);
    platform::close_socket(listener_);
  }

  /// Returns true if in doubt.
  bool reads_from_function() {
    if (!multi_ || url_.empty()) return true;
    // libcurl 7.88 cannot copy a handle whose body is CURLOPT_COPYPOSTFIELDS without a length.
    if (!copy_) return false;
    set_up();
    if (curl_multi_add_handle(multi_.get(), copy_.get()) != CURLM_OK) return true;
    bool asked = false;
    for (int turn = 0; turn < 200; ++turn) {
      int running = 0;
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK || called_) return true;
      std::string const arrived = receive();
      if (asked && !arrived.empty()) return false;  // the body comes from memory
      head_ += arrived;
      if (!asked && head_.find("\r\n\r\n") != head_.npos) {
        if (has("Content-Length: 0\r\n") || !(has("Content-Length:") || has("Transfer-Encoding:"))) return false;
        if (has("multipart/form-data")) return false;  // libcurl rewinds it, or fails
        constexpr char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        if (!platform::send_bytes(peer_, go_on, sizeof go_on - 1)) return true;
        asked = true;
      } else if (running == 0) {
        return true;
      } else {
        curl_multi_wait(multi_.get(), nullptr, 0, 1, nullptr);
      }
    }
    return true;
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(copy_.get(), option, value);
  }

  void set_up() {
    set(CURLOPT_URL, url_.c_str());
    set(CURLOPT_PORT, 0L);
#if LIBCURL_VERSION_NUM >= 0x073f00
    set(CURLOPT_CURLU, static_cast<CURLU*>(nullptr));
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP));
#endif
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_OPENSOCKETFUNCTION, static_cast<curl_opensocket_callback>(nullptr));
    set(CURLOPT_SOCKOPTFUNCTION, static_cast<curl_sockopt_callback>(nullptr));
    set(CURLOPT_CLOSESOCKETFUNCTION, static_cast<curl_closesocket_callback>(nullptr));
    set(CURLOPT_READFUNCTION, &read);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &ignore);
    set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(nullptr));
    set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
    set(CURLOPT_HTTPHEADER, request_headers_.get());
    set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1000L);
    set(CURLOPT_NOPROGRESS, 1L);
    set(CURLOPT_VERBOSE, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FAILONERROR, 0L);
    set(CURLOPT_CONNECT_ONLY, 0L);
    set(CURLOPT_RESUME_FROM_LARGE, curl_off_t(0));
    set(CURLOPT_HTTPAUTH, 0L);
    set(CURLOPT_LOCALPORT, 0L);
    // Replaces the options for the target and the speed of the request: this request stays in the process.
    set(CURLOPT_CONNECT_TO, static_cast<curl_slist*>(nullptr));
    set(CURLOPT_RESOLVE, static_cast<curl_slist*>(nullptr));
    set(CURLOPT_SHARE, static_cast<CURLSH*>(nullptr));
    set(CURLOPT_TIMEOUT_MS, 0L);
    set(CURLOPT_CONNECTTIMEOUT_MS, 0L);
    set(CURLOPT_LOW_SPEED_TIME, 0L);
    set(CURLOPT_MAX_SEND_SPEED_LARGE, curl_off_t(0));
#if LIBCURL_VERSION_NUM >= 0x073b00
    set(CURLOPT_RESOLVER_START_FUNCTION, static_cast<curl_resolver_start_callback>(nullptr));
#endif
#if LIBCURL_VERSION_NUM >= 0x073c00
    set(CURLOPT_HAPROXYPROTOCOL, 0L);
#endif
    set(CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_WHATEVER));
    set(CURLOPT_NOPROXY, "*");
    for (auto const option :
         {CURLOPT_PROXY, CURLOPT_PRE_PROXY, CURLOPT_INTERFACE, CURLOPT_COOKIEJAR, CURLOPT_UNIX_SOCKET_PATH,
          CURLOPT_ABSTRACT_UNIX_SOCKET, CURLOPT_COOKIE, CURLOPT_ERRORBUFFER}) {
      set(option, static_cast<char*>(nullptr));
    }
#if LIBCURL_VERSION_NUM >= 0x074a00
    set(CURLOPT_HSTS, static_cast<char*>(nullptr));
    set(CURLOPT_HSTSREADFUNCTION, static_cast<curl_hstsread_callback>(nullptr));
    set(CURLOPT_HSTSWRITEFUNCTION, static_cast<curl_hstswrite_callback>(nullptr));
#endif
#if LIBCURL_VERSION_NUM >= 0x075000
    set(CURLOPT_PREREQFUNCTION, static_cast<curl_prereq_callback>(nullptr));
#endif
  }

  [[nodiscard]] bool has(char const* text) const { return head_.find(text) != head_.npos; }

  std::string receive() {
    std::string arrived;
    if (peer_ < 0) {
      peer_ = platform::accept_connection(listener_);
      if (peer_ < 0) return arrived;
    }
    char bytes[4096];
    for (;;) {
      auto const count = platform::receive_some(peer_, bytes, sizeof bytes);
      if (count <= 0) return arrived;
      arrived.append(bytes, static_cast<std::size_t>(count));
    }
  }

  static std::size_t read(char*, std::size_t, std::size_t, void* self) {
    static_cast<body_probe*>(self)->called_ = true;
    return CURL_READFUNC_ABORT;
  }
  static std::size_t ignore(char*, std::size_t size, std::size_t count, void*) { return size * count; }

  template <auto Free>
  struct freed_by {
    template <class T>
    void operator()(T* p) const {
      Free(p);
    }
  };

  int listener_ = -1;
  int peer_ = -1;
  bool called_ = false;
  std::string head_{};
  std::string url_{};
  std::unique_ptr<curl_slist, freed_by<curl_slist_free_all>> request_headers_{};
  std::unique_ptr<CURLM, freed_by<curl_multi_cleanup>> multi_{};
  std::unique_ptr<CURL, freed_by<curl_easy_cleanup>> copy_{};
};

/// libcurl before 8.1 copies CURLOPT_COPYPOSTFIELDS without a length by asking for more memory than there is. The
/// allocation fails and libcurl reports it, but the address sanitizer would end the program.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool can_copy_any_handle = LIBCURL_VERSION_NUM >= 0x080100;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool can_copy_any_handle = LIBCURL_VERSION_NUM >= 0x080100;
#else
inline constexpr bool can_copy_any_handle = true;
#endif
#else
inline constexpr bool can_copy_any_handle = true;
#endif

/// Whether the body of the handle's request comes from its read function. Returns true if in doubt.
inline bool reads_body_from_function(CURL* easy) { return body_probe(easy).reads_from_function(); }

}  // namespace tenax::http::detail
