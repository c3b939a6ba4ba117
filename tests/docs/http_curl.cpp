// SPDX-License-Identifier: MIT
// http_curl.cpp: the snippets about libcurl of docs/reference/http.md.
#include <memory>

#include <tenax/http.hpp>
#include <tenax/http/curl.hpp>

#include <httplib.h>

#include "../../examples/loopback.hpp"
#include "docs.hpp"

namespace http = tenax::http;

TEST_CASE("http_curl: perform") {
  int requests = 0;
  loopback const server([&](httplib::Server& s) {
    s.Get("/v1/albums/1", [&](httplib::Request const&, httplib::Response& r) {
      if (++requests == 1) r.status = 503;
    });
  });
  auto const url = server.url() + "/v1/albums/1";
  // [curl]
  std::unique_ptr<CURL, void (*)(CURL*)> const easy(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  auto const album = http::standard_retry()([&] { return http::perform(easy.get()); });
  if (album.code == CURLE_OK) std::printf("%d: %s\n", album.status, album.body.c_str());
  // [/curl]
  CHECK(album.status == 200);
  CHECK(requests == 2);
}
