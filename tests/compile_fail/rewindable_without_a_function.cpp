// expect: tenax: http::rewindable() needs a provider and a function without parameters that sets it back to its start
// SPDX-License-Identifier: MIT
// rewindable_without_a_function.cpp: a position instead of the function that sets a provider back.
#include <tenax/http/retrying_client.hpp>

auto upload(tenax::http::retrying_client<>& client) {
  auto const provider = [](std::size_t, httplib::DataSink& sink) { return sink.done(), true; };
#ifdef CORRECTED
  return client.Put("/", tenax::http::rewindable(provider, [] {}), "text/plain");
#else
  return client.Put("/", tenax::http::rewindable(provider, 0), "text/plain");
#endif
}
