// SPDX-License-Identifier: MIT
// http/detail/beast_exchange.hpp: sends a request and reads its response on a Boost.Beast stream, within time limits.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <type_traits>

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>

#include <tenax/current_attempt.hpp>
#include <tenax/http/response_traits.hpp>
#include <tenax/platform/poll.hpp>

namespace tenax::http::detail {

/// Returns the socket below all layers of a stream.
template <class Stream>
auto& socket_of(Stream& stream) {
  auto& lowest = boost::beast::get_lowest_layer(stream);
  if constexpr (requires { lowest.socket(); }) {
    return lowest.socket();
  } else {
    return lowest;
  }
}

template <class Stream>
concept on_socket = requires(Stream& s) {
  socket_of(s).native_handle();
  socket_of(s).non_blocking(true);
  socket_of(s).is_open();
};

/// Makes the stream's socket non-blocking for the lifetime of this object, and waits for it within the limits.
template <class Stream>
class bounded_stream {
 public:
  using error_code = boost::system::error_code;

  bounded_stream(Stream& stream, attempt_limits const& limits) : stream_(stream), limits_(limits) {
    if (limits_.timed()) ends_ = time_point(saturating_add(real_time::now().time_since_epoch(), limits_.time_left()));
    if constexpr (on_socket<Stream>) {
      error_code ignored;
      was_non_blocking_ = socket_of(stream_).non_blocking();
      if (socket_of(stream_).is_open()) socket_of(stream_).non_blocking(true, ignored);
    }
  }
  bounded_stream(bounded_stream const&) = delete;
  bounded_stream& operator=(bounded_stream const&) = delete;
  ~bounded_stream() { block_again(); }

  /// Whether operations return `would_block` instead of blocking.
  static constexpr bool can_wait = on_socket<Stream>;
  /// Whether the stream is the socket itself, without TLS: then a partial write can be continued.
  static constexpr bool plain = std::is_same_v<boost::beast::lowest_layer_type<Stream>, Stream>;

  /// Lets writes of a TLS stream block: TLS cannot continue a partial record.
  void block_again() {
    if constexpr (on_socket<Stream>) {
      error_code ignored;
      if (!was_non_blocking_ && socket_of(stream_).is_open()) socket_of(stream_).non_blocking(false, ignored);
    }
  }
  void unblock() {
    if constexpr (on_socket<Stream>) {
      error_code ignored;
      if (socket_of(stream_).is_open()) socket_of(stream_).non_blocking(true, ignored);
    }
  }

  enum class until { readable, writable, either };

  /// Waits for the socket. Sets `error` if the time is over or the token is triggered.
  until wait([[maybe_unused]] until what, [[maybe_unused]] error_code& error) {
    if constexpr (on_socket<Stream>) {
      for (;;) {
        using std::chrono::milliseconds;
        auto const left =
            ends_ == (time_point::max)() ? (duration::max)() : saturating_between(real_time::now(), ends_);
        if (limits_.stop_requested()) {
          error = boost::asio::error::operation_aborted;
          return what;
        }
        if (left <= duration::zero()) {
          error = boost::beast::error::timeout;
          return what;
        }
        auto const longest = limits_.can_stop() ? milliseconds(5) : milliseconds(1000);
        auto const ms = static_cast<int>(std::chrono::ceil<milliseconds>((std::min<duration>)(left, longest)).count());
        auto const socket = platform::poll_socket(socket_of(stream_).native_handle(), what != until::writable,
                                                  what != until::readable, ms);
        if (socket.ready) return socket.writable ? until::writable : until::readable;
        if (socket.error != 0) {
          error = boost::system::error_code(socket.error, boost::system::system_category());
          return what;
        }
      }
    }
    return what;
  }

 private:
  Stream& stream_;
  attempt_limits const& limits_;
  time_point ends_ = (time_point::max)();
  bool was_non_blocking_ = false;
};

/// Sends a request, and reads its final response, past interim ones.
template <class ResponseBody, class Stream>
class beast_exchange {
 public:
  using error_code = boost::system::error_code;

  beast_exchange(Stream& stream, attempt_limits const& limits, bool is_head)
      : stream_(stream), bounded_(stream, limits), is_head_(is_head) {
    expect_response();
  }

  template <class Request>
  error_code run(Request& request) {
    auto const failure = write(request);
    if (ended_) return read_error_;
    if (failure) {
      // A server may refuse a large request early: it answers and closes the connection. Its answer has arrived.
      bool const lost = failure == boost::asio::error::broken_pipe || failure == boost::asio::error::connection_reset ||
                        failure == boost::asio::error::connection_aborted || failure == boost::asio::error::eof;
      if (bounded_stream<Stream>::can_wait && lost) {
        while (!ended_ && read_some()) continue;
        if (parser_->is_done()) return {};
        if (parser_->is_header_done() && is_final()) return boost::beast::http::error::partial_message;
      }
      return failure;
    }
    while (!ended_) {
      if (read_some() || ended_) continue;
      error_code error;
      bounded_.wait(bounded_stream<Stream>::until::readable, error);
      if (error) return error;
    }
    return read_error_;
  }

  [[nodiscard]] bool has_head() const { return parser_->is_header_done() && is_final(); }
  auto release() { return parser_->release(); }
  /// Whether the stream is at the beginning of the next response.
  [[nodiscard]] bool can_be_followed() const {
    // A server that announces a body with 204 may still send it.
    bool const more =
        parser_->get().result_int() == 204 && (parser_->chunked() || parser_->content_length().value_or(0) != 0);
    return sent_ && buffer_.size() == 0 && !more;
  }

 private:
  void expect_response() {
    parser_.emplace();
    parser_->eager(true);
    parser_->skip(is_head_);  // the response to HEAD announces a length, but has no body
  }
  [[nodiscard]] bool is_final() const { return !announces(static_cast<int>(parser_->get().result_int())); }

  template <class Request>
  error_code write(Request& request) {
    boost::beast::http::serializer<true, typename Request::body_type, typename Request::fields_type> serializer(
        request);
    while (!serializer.is_done()) {
      error_code error;
      if constexpr (bounded_stream<Stream>::can_wait && !bounded_stream<Stream>::plain) {
        // A TLS stream writes whole records. Small records do not block when the socket is ready for more.
        serializer.limit(4096);
        if (stalled(error)) return error;
        bounded_.block_again();
        boost::beast::http::write_some(stream_, serializer, error);
        bounded_.unblock();
      } else {
        boost::beast::http::write_some(stream_, serializer, error);
        if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
          error = {};
          if (stalled(error)) return error;
          continue;
        }
      }
      if (error == boost::beast::http::error::end_of_stream) break;  // the whole request was sent, without keep-alive
      if (error) return error;
    }
    sent_ = true;
    return {};
  }

  /// Waits until more can be written. Returns true if the response or an error has arrived instead: a server may refuse
  /// a large request early, answer, and read no more.
  bool stalled(error_code& error) {
    using until = typename bounded_stream<Stream>::until;
    auto const ready = bounded_.wait(until::either, error);
    if (error || ready == until::writable) return static_cast<bool>(error);
    while (read_some()) continue;
    if (!ended_) bounded_.wait(until::writable, error);
    return ended_ || error;
  }

  /// Reads the available data. Returns false if there is none, or if the response has ended.
  bool read_some() {
    error_code error;
    boost::beast::http::read_some(stream_, buffer_, *parser_, error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) return false;
    if (!error && parser_->is_done() && !is_final()) {
      if (++announcements_ > 100) error = boost::beast::http::error::bad_status;
      if (!error) {
        expect_response();
        return true;
      }
    }
    if (!error && !parser_->is_done()) return true;
    read_error_ = error;
    ended_ = true;
    return false;
  }

  Stream& stream_;
  bounded_stream<Stream> bounded_;
  bool is_head_;
  std::optional<boost::beast::http::response_parser<ResponseBody>> parser_{};
  boost::beast::flat_buffer buffer_{};
  error_code read_error_{};
  bool sent_ = false;
  bool ended_ = false;
  int announcements_ = 0;
};

}  // namespace tenax::http::detail
