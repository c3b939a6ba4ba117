// SPDX-License-Identifier: MIT
// grpc/server_stream.hpp: `grpc::server_stream`: opens a server stream, and retries until its first message.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <grpcpp/support/sync_stream.h>

#include <tenax/grpc/attempt_context.hpp>
#include <tenax/grpc/reply.hpp>
#include <tenax/grpc/unary.hpp>

namespace tenax::grpc {

namespace detail {

template <class R>
R message_of(::grpc::ClientReaderInterface<R>&);

}  // namespace detail

/// A stream of messages from a server, which is open, has ended, or could not be opened. Read it in a loop:
/// `while (auto m = stream.read()) use(*m);`, and then ask `stream.finish()` how it ended. Failures after the first
/// message are yours: nothing repeats them. The destructor cancels what is still open.
///
/// Thread safety: for one thread at a time.
template <class R>
class message_stream : public call_result {
 public:
  message_stream() = default;
  message_stream(message_stream&&) = default;
  message_stream& operator=(message_stream&& other) noexcept {
    close();
    static_cast<call_result&>(*this) = std::move(static_cast<call_result&>(other));
    context_ = std::move(other.context_);
    reader_ = std::move(other.reader_);
    first_ = std::move(other.first_);
    options_ = std::move(other.options_);
    return *this;
  }
  ~message_stream() { close(); }

  /// Returns the next message; nothing at the end of the stream, which `finish()` explains.
  [[nodiscard]] std::optional<R> read() {
    if (first_) return std::exchange(first_, std::nullopt);
    std::optional<R> message;
    if (reader_ != nullptr && !reader_->Read(std::addressof(message.emplace()))) message.reset();
    return message;
  }

  /// Returns how the stream ended. Waits for its end: read all messages before, or cancel.
  ::grpc::Status const& finish() {
    if (reader_ != nullptr) {
      auto ended = reader_->Finish();
      static_cast<call_result&>(*this) = call_result(std::move(ended), *context_, options_);
      reader_.reset();
    }
    return this->status;
  }

  /// Cancels the stream. May be called from another thread.
  void cancel() const {
    if (context_ != nullptr) context_->TryCancel();
  }

  /// The context of the call; null if there is none.
  [[nodiscard]] ::grpc::ClientContext* context() const noexcept { return context_.get(); }

 private:
  template <class, class>
  friend class server_stream_call;
  friend struct result_traits<message_stream>;

  void close() {
    if (reader_ == nullptr) return;
    context_->TryCancel();
    R message;
    while (reader_->Read(&message)) {
    }
    reader_->Finish();
    reader_.reset();
  }

  std::unique_ptr<::grpc::ClientContext> context_{};  // outlives the reader
  std::unique_ptr<::grpc::ClientReaderInterface<R>> reader_{};
  std::optional<R> first_{};
  call_options options_{};
};

/// The opening of a stream as an operation. Made by `grpc::server_stream`.
template <class R, class F>
class server_stream_call {
 public:
  server_stream_call(F open, call_options options) : open_(std::move(open)), options_(std::move(options)) {}

  /// Makes one attempt, with a context of its own: waits for the first message, or for the end of the stream.
  [[nodiscard]] message_stream<R> operator()(attempt_info const& info) const {
    message_stream<R> stream;
    stream.context_ = std::make_unique<::grpc::ClientContext>();
    stream.options_ = {.idempotent = options_.idempotent, .own_retries_disabled = options_.own_retries_disabled};
    stream.idempotent = options_.idempotent;
    if (options_.prepare) options_.prepare(*stream.context_);
    detail::add_previous_attempts(*stream.context_, info);
    attempt_limits const limits(info);
    auto const ends = limits.timed()
                          ? time_point(saturating_add(real_time::now().time_since_epoch(), limits.time_left()))
                          : (time_point::max)();
    detail::canceller cancels(*stream.context_, info, ends);
    stream.reader_ = open_(*stream.context_);
    if (!stream.reader_->Read(std::addressof(stream.first_.emplace()))) {
      stream.first_.reset();
      stream.finish();
    }
    if (cancels.out_of_time() && (stream.reader_ != nullptr || !stream.ok())) {
      stream.close();
      stream.first_.reset();
      stream.status = ::grpc::Status(::grpc::StatusCode::DEADLINE_EXCEEDED,
                                     "tenax: no first message within the time of the attempt");
    }
    return stream;
  }

 private:
  F open_;
  call_options options_;
};

/// Makes an operation that opens a server stream and waits for its first message:
/// `auto stream = policy(grpc::server_stream(stub, &Albums::Stub::List, request, {.idempotent = true}));`. Returns a
/// `grpc::message_stream<R>`. A stream that ends with OK and without a message is a success.
///
/// Time limits and cancellation of the policy hold until the first message. Afterwards the stream has no limit, unless
/// `.prepare` sets a deadline for all of it: gRPC cannot change the deadline of a call that has begun. Everything else
/// is as for `grpc::unary`.
template <class Given, class Stub, class Request, class Reader>
  requires requires(Reader& r) { r.Finish(); }
[[nodiscard]] auto server_stream(Given&& stub,
                                 std::unique_ptr<Reader> (Stub::*method)(::grpc::ClientContext*, Request const&),
                                 std::type_identity_t<Request> request, call_options options = {}) {
  auto open = [s = detail::stub_of<Stub>(std::forward<Given>(stub)), method,
               q = std::move(request)](::grpc::ClientContext& context) { return (s->*method)(&context, q); };
  using message = decltype(detail::message_of(std::declval<Reader&>()));
  return server_stream_call<message, decltype(open)>(std::move(open), std::move(options));
}

/// Makes an operation of a function that opens the stream:
/// `grpc::server_stream<Album>([&](grpc::ClientContext& context) { return stub->List(&context, request); })`.
template <class R, class F>
  requires std::is_convertible_v<std::invoke_result_t<F const&, ::grpc::ClientContext&>,
                                 std::unique_ptr<::grpc::ClientReaderInterface<R>>>
[[nodiscard]] auto server_stream(F open, call_options options = {}) {
  return server_stream_call<R, F>(std::move(open), std::move(options));
}

}  // namespace tenax::grpc

template <class R>
struct tenax::result_traits<tenax::grpc::message_stream<R>>
    : tenax::grpc::detail::call_traits<tenax::grpc::message_stream<R>> {
  static void release(tenax::grpc::message_stream<R>& r) { r.close(); }
};
