// SPDX-License-Identifier: MIT
// 23_resume_download.cpp: a download that continues where it broke off (Range, If-Range), from a server that breaks off
// every response, and whose file changes once.
//
//   23_resume_download                          with a server in this program
//   23_resume_download --url http://host:port   with another one: GET /file
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include <curl/curl.h>
#include <httplib.h>
#include <tenax/http.hpp>
#include <tenax/http/curl.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

// [download]
/// A file that is downloaded in as many pieces as necessary.
class download {
 public:
  explicit download(std::string const& url) : easy_(curl_easy_init(), &curl_easy_cleanup) {
    curl_easy_setopt(easy_.get(), CURLOPT_URL, url.c_str());
  }

  /// The operation for a policy: requests the missing part.
  http::curl_response operator()() {
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields(nullptr, &curl_slist_free_all);
    if (!bytes_.empty() && !tag_.empty()) {  // without a tag, the rest might belong to another file
      fields.reset(curl_slist_append(nullptr, ("Range: bytes=" + std::to_string(bytes_.size()) + "-").c_str()));
      fields.reset(curl_slist_append(fields.release(), ("If-Range: " + tag_).c_str()));
    }
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, fields.get());
    before_ = bytes_.size();
    started_ = false;
    auto r = http::perform(easy_.get(),
                           {.sink = [this](auto const& head, std::string_view data) { return take(head, data); },
                            .restart = [] { return true; }});  // keeps the bytes that have arrived
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);
    // Nothing is missing: the connection broke after the last byte.
    bool const whole = r.status == 416 && http::header_of(r, "Content-Range") == "bytes */" + std::to_string(before_);
    if (whole) r.status = 200;
    std::printf("%s: status %d, %zu bytes so far\n", http::failed(r) ? "broke off" : "complete", r.status,
                bytes_.size());
    return r;
  }

  /// Whether the last attempt received new bytes.
  [[nodiscard]] bool progressed() const { return bytes_.size() > before_; }
  [[nodiscard]] std::string const& bytes() const { return bytes_; }

 private:
  bool take(http::curl_response const& head, std::string_view data) {
    if (!started_) {
      started_ = true;
      auto const range = "bytes " + std::to_string(bytes_.size()) + "-";
      if (head.status != 206) {  // 200: the whole file, because it has changed or the server does not support ranges
        bytes_.clear();
        before_ = 0;
      } else if (!http::header_of(head, "Content-Range").starts_with(range)) {
        return false;  // not the requested range
      }
      tag_ = http::header_of(head, "ETag");
      if (tag_.starts_with("W/")) tag_.clear();  // a weak tag does not guarantee equal bytes
    }
    bytes_ += data;
    return true;
  }

  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  std::string bytes_, tag_;
  std::size_t before_ = 0;
  bool started_ = false;
};
// [/download]

int run(std::string const& url) {
  // [run]
  download file(url + "/file");
  auto const policy = http::standard_retry()
                          .wait(tenax::wait::exponential({.base = 1ms, .max = 1s}))
                          .stop(tenax::stop::after_attempts(3) || tenax::stop::deadline(1min))
                          .reset_on_progress()  // gives up after three attempts in a row without new bytes
                          .read_hints_with([&](auto const& a) {
                            auto advice = http::hint_reader{}(a);
                            advice.progress = file.progressed();
                            return advice;
                          });
  auto const report = policy.try_call(std::ref(file));
  // [/run]
  std::printf("%zu bytes after %u attempts\n", file.bytes().size(), static_cast<unsigned>(report.attempts));
  return http::failed(report.value()) ? 1 : 0;
}

// --- the server: breaks off after 3000 bytes, and has another version of the file after two requests -----------------

class dying_server {
 public:
  void set_up(httplib::Server& server) {
    server.Get("/file", [this](httplib::Request const& request, httplib::Response& r) {
      bool const changed = ++requests_ > 2;
      std::string const body(10'000, changed ? 'b' : 'a');
      std::string const tag = changed ? "\"b\"" : "\"a\"";
      std::size_t from = 0;
      if (request.has_header("Range") && request.get_header_value("If-Range") == tag) {
        from = std::min<std::size_t>(std::stoul(request.get_header_value("Range").substr(6)), body.size());
        if (from == body.size()) {
          r.status = 416;
          return r.set_header("Content-Range", "bytes */10000");
        }
        r.set_header("Content-Range", "bytes " + std::to_string(from) + "-9999/10000");
      }
      r.status = from == 0 ? 200 : 206;
      r.set_header("ETag", tag);
      r.set_chunked_content_provider("text/plain", [body, from](std::size_t sent, httplib::DataSink& sink) {
        if (sent > 0) return false;  // breaks off
        sink.write(body.data() + from, std::min<std::size_t>(body.size() - from, 3000));
        return true;
      });
    });
  }

 private:
  std::atomic<int> requests_ = 0;
};

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  dying_server dying;
  loopback const server([&](httplib::Server& s) { dying.set_up(s); });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
