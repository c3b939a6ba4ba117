// SPDX-License-Identifier: MIT
// fetch_httplib.cpp: loads a server through http::retrying_client.
#include <csignal>
#include <memory>

#include <tenax/http/retrying_client.hpp>

#include "load.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return run_load(argc, argv, [](std::string const& url, auto policy) {
    auto client = std::make_shared<tenax::http::retrying_client<>>(url);
    client->set_keep_alive(true);
    client->policy(policy);
    return [client](std::string const& path) {
      auto const r = client->Get(path);
      return r ? r->status : 0;
    };
  });
}
