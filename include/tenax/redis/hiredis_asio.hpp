// SPDX-License-Identifier: MIT
// redis/hiredis_asio.hpp: attaches a connection of hiredis to Asio or Boost.Asio.
#pragma once

#include <hiredis/async.h>

#include <memory>

#include <tenax/platform/cplusplus.hpp>

namespace tenax::redis {

namespace detail {

/// Waits with Asio until a connection of hiredis can read or write.
template <class Descriptor>
struct asio_connection : std::enable_shared_from_this<asio_connection<Descriptor>> {
  template <class Executor>
  asio_connection(redisAsyncContext* c, Executor const& executor) : context(c), descriptor(executor, c->c.fd) {}

  static asio_connection& of(void* self) { return *static_cast<std::shared_ptr<asio_connection>*>(self)->get(); }

  void read() {
    if (reading) return;
    reading = true;
    descriptor.async_wait(Descriptor::wait_read, [self = this->shared_from_this()](auto const& error) {
      self->reading = false;
      if (error || self->context == nullptr || !self->wants_read) return;
      self->read();
      redisAsyncHandleRead(self->context);
    });
  }
  void write() {
    if (writing) return;
    writing = true;
    descriptor.async_wait(Descriptor::wait_write, [self = this->shared_from_this()](auto const& error) {
      self->writing = false;
      if (error || self->context == nullptr || !self->wants_write) return;
      redisAsyncHandleWrite(self->context);
      if (self->context != nullptr && self->wants_write) self->write();
    });
  }

  redisAsyncContext* context;
  Descriptor descriptor;
  bool wants_read = false, reading = false;
  bool wants_write = false, writing = false;
};

}  // namespace detail

/// Attaches a connection to Asio: `attach<asio::posix::stream_descriptor>(context, io.get_executor());`, or with
/// `boost::asio::posix::stream_descriptor`. The context of the executor runs on one thread, and outlives the
/// connection. Returns the context.
template <class Descriptor, class Executor>
redisAsyncContext* attach(redisAsyncContext* context, Executor const& executor) {
  using connection = detail::asio_connection<Descriptor>;
  if (context == nullptr || context->err != 0) return context;
  auto self = std::make_unique<std::shared_ptr<connection>>(std::make_shared<connection>(context, executor));
  context->ev.addRead = [](void* c) { connection::of(c).wants_read = true, connection::of(c).read(); };
  context->ev.delRead = [](void* c) { connection::of(c).wants_read = false; };
  context->ev.addWrite = [](void* c) { connection::of(c).wants_write = true, connection::of(c).write(); };
  context->ev.delWrite = [](void* c) { connection::of(c).wants_write = false; };
  context->ev.cleanup = [](void* c) {
    std::unique_ptr<std::shared_ptr<connection>> const own(static_cast<std::shared_ptr<connection>*>(c));
    (*own)->context = nullptr;
    (*own)->descriptor.release();  // hiredis closes it
  };
  context->ev.data = self.release();
  return context;
}

}  // namespace tenax::redis
