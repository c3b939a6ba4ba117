// SPDX-License-Identifier: MIT
// 12_catalogue_client.cpp: shows a music catalogue's client with retries added from outside: from an artist to the
// albums, from each album to its tracks, from each track to its data.
//
//   12_catalogue_client                          with a server in this program that throttles, fails and hangs up
//   12_catalogue_client --url http://host:port   with any server that has /v1/artists/1/albums
//
// Lists are lines of text here, where a real catalogue has JSON.
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <tenax/http.hpp>
#include <tenax/http/retrying_client.hpp>
#include <tenax/observe/counters.hpp>

#include "loopback.hpp"

namespace http = tenax::http;
using namespace std::chrono_literals;

// --- the client: knows the catalogue, and nothing about retries ------------------------------------------------------

template <class Http>
class catalogue {
 public:
  explicit catalogue(Http& client) : client_(client) {}

  std::vector<std::string> albums(std::string const& artist) { return list("/v1/artists/" + artist + "/albums"); }
  std::vector<std::string> tracks(std::string const& album) { return list("/v1/albums/" + album + "/tracks"); }
  std::string track(std::string const& id) { return get("/v1/tracks/" + id); }

 private:
  std::string get(std::string const& path) {
    auto const response = client_.Get(path);
    if (!response) throw std::runtime_error(path + ": " + httplib::to_string(response.error()));
    if (response->status != 200) throw std::runtime_error(path + ": status " + std::to_string(response->status));
    return response->body;
  }

  std::vector<std::string> list(std::string const& path) {
    std::vector<std::string> lines;
    std::istringstream text(get(path));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }

  Http& client_;
};

template <class Http>
unsigned fetch_all(catalogue<Http> songs, std::string const& artist) {
  unsigned fetched = 0;
  for (auto const& album : songs.albums(artist)) {
    auto const tracks = songs.tracks(album);
    std::printf("album %s: %zu tracks\n", album.c_str(), tracks.size());
    for (auto const& id : tracks) {
      auto const data = songs.track(id);
      std::printf("  track %s: %s\n", id.c_str(), data.substr(0, data.find('\n')).c_str());
      ++fetched;
    }
  }
  return fetched;
}

// --- the policies: everything about retries --------------------------------------------------------------------------

void set_policies(http::retrying_client<>& client, tenax::counters& totals) {
  // After a broken connection, it tries again right away. If the server asks for a wait, it waits that long plus a
  // random time. Otherwise the waits grow.
  // [polite]
  auto const growing = tenax::wait::exponential({.base = 100ms, .max = 2s}).full();
  auto const polite =
      tenax::retrying{}
          .when(tenax::when::transient && http::idempotent_only)
          .wait(tenax::wait::first_of(
              tenax::wait::only_if(tenax::when::transport_error, tenax::wait::chain(tenax::wait::none, growing)),
              tenax::wait::retry_after + tenax::wait::uniform(0ms, 200ms), growing))
          .observe(std::ref(totals));
  // [/polite]

  // [endpoints]
  auto const up_to = [&](unsigned attempts) {
    return polite.stop(tenax::stop::after_attempts(attempts) || tenax::stop::deadline(30s))
        .before_sleep(tenax::log_to(stdout));
  };
  client.policy("GET /v1/artists/*/albums", up_to(3))
      .policy("GET /v1/albums/*/tracks", up_to(4))
      .policy("GET /v1/tracks/*", up_to(6));
  // [/endpoints]
}

// --- the server: six requests a second, and three accidents ----------------------------------------------------------

class moody_catalogue {
 public:
  void set_up(httplib::Server& server) {
    using httplib::Request;
    using httplib::Response;
    using Answered = httplib::Server::HandlerResponse;
    server.set_pre_routing_handler([this](Request const&, Response& response) {
      return admits(response) ? Answered::Unhandled : Answered::Handled;
    });
    server.Get("/v1/artists/1/albums",
               [](Request const&, Response& r) { r.set_content("11\n12\n13\n", "text/plain"); });
    server.Get(R"(/v1/albums/(\d+)/tracks)", [](Request const& request, Response& r) {
      std::string const album = request.matches[1];
      r.set_content(album + "1\n" + album + "2\n" + album + "3\n" + album + "4\n", "text/plain");
    });
    server.Get(R"(/v1/tracks/(\d+))", [](Request const& request, Response& r) {
      r.set_content("song number " + std::string(request.matches[1]) + "\n", "text/plain");
    });
  }

 private:
  bool admits(httplib::Response& response) {
    std::lock_guard const lock(mutex_);
    auto const now = std::chrono::steady_clock::now();
    if (now >= end_of_window_) {
      end_of_window_ = now + 1s;
      left_in_window_ = 6;
    }
    if (left_in_window_ == 0) {
      response.status = 429;
      response.set_header("Retry-After", "1");
      return false;
    }
    --left_in_window_;
    switch (++admitted_) {
      case 3: response.status = 503; return false;
      case 5:  // announces a hundred bytes, and breaks the connection
        response.set_content_provider(100, "text/plain", [](auto, auto, auto&) { return false; });
        response.status = 200;
        return false;
      case 14: response.status = 502; return false;
      default: return true;
    }
  }

  std::mutex mutex_;
  std::chrono::steady_clock::time_point end_of_window_{};
  int left_in_window_ = 0;
  int admitted_ = 0;
};

// ---------------------------------------------------------------------------------------------------------------------

int run(std::string const& url) {
  // [decorate]
  http::retrying_client<> client(url);  // was: httplib::Client client(url);
  client.set_keep_alive(true);
  tenax::counters totals;
  set_policies(client, totals);

  auto const fetched = fetch_all(catalogue(client), "1");
  // [/decorate]
  auto const all = totals.read();
  std::printf("\n%u tracks fetched: %llu calls, %llu attempts, %llu waits of %.1f s in all, %llu calls gave up\n",
              fetched, static_cast<unsigned long long>(all.succeeded + all.gave_up),
              static_cast<unsigned long long>(all.attempts), static_cast<unsigned long long>(all.retries),
              std::chrono::duration<double>(all.waiting).count(), static_cast<unsigned long long>(all.gave_up));
  return all.gave_up == 0 ? 0 : 1;
}

int main(int argc, char** argv) try {
  if (auto const url = url_option(argc, argv); !url.empty()) return run(url);
  moody_catalogue catalogue;
  loopback const server([&](httplib::Server& s) { catalogue.set_up(s); });
  return run(server.url());
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
