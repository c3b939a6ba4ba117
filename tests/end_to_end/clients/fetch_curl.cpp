// SPDX-License-Identifier: MIT
// fetch_curl.cpp: loads a server through libcurl and http::perform, with one easy handle per thread.
#include <memory>

#include <tenax/http/curl.hpp>

#include "load.hpp"

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_ALL);
  auto const result = run_load(argc, argv, [](std::string const& url, auto policy) {
    std::shared_ptr<CURL> const handle(curl_easy_init(), &curl_easy_cleanup);
    curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
    return [handle, url, policy](std::string const& path) {
      curl_easy_setopt(handle.get(), CURLOPT_URL, (url + path).c_str());
      return policy([&] { return tenax::http::perform(handle.get()); }).status;
    };
  });
  tenax::http::close_connections();
  curl_global_cleanup();
  return result;
}
