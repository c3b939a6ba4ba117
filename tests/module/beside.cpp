// SPDX-License-Identifier: MIT
// beside.cpp: headers that no module has, beside the modules: the import may stand before them (with IMPORT_FIRST) or
// after them. Compiled, not run.
#include <chrono>

// Older Asios do not know that clang has coroutines.
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1

#if defined(IMPORT_FIRST)
import tenax.http;
#endif

#include <functional>
#include <string>
#include <vector>
#if __has_include(<fmt/format.h>)
#include <tenax/fmt.hpp>
#endif
#if __has_include(<curl/curl.h>)
#include <tenax/http/curl.hpp>
#endif
#if __has_include(<httplib.h>)
#include <tenax/http/retrying_client.hpp>
#endif
#if __has_include(<asio.hpp>)
#include <asio.hpp>
#include <tenax/asio.hpp>
#endif

#if !defined(IMPORT_FIRST)
import tenax.http;
#endif

using namespace std::chrono_literals;

auto const polite = tenax::http::standard_retry().wait(tenax::wait::constant(1ms));

#if __has_include(<fmt/format.h>)
std::string explain() { return fmt::format("{} {}", polite, tenax::human(1500ms)); }
#endif
#if __has_include(<curl/curl.h>)
auto get(CURL* handle) {
  return polite.try_call([&] { return tenax::http::perform(handle); });
}
#endif
#if __has_include(<httplib.h>)
auto get() { return tenax::http::retrying_client<>("http://localhost").policy("GET /v1/**", polite).Get("/"); }
#endif
#if __has_include(<asio.hpp>)
auto start(asio::io_context& context) {
  return asio::co_spawn(context, []() -> asio::awaitable<void> { co_return; }, asio::detached);
}
#endif
