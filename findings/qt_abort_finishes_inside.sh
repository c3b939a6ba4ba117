#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Qt 6.4.2 (Debian's qt6-base-dev): QNetworkReply::abort() emits finished() before it returns, with a closed device.
#
# A retry that aborts a slow request gets the "reply" of that request inside of abort(). Code that starts the next request
# in finished() then starts it twice: once inside of abort(), and once after it. Reading the reply there prints
# "QIODevice::read: device not open".
#
# Seen: "finished inside of abort: yes, open: no".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.cpp <<'CPP'
#include <QCoreApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QTcpServer>
#include <cstdio>
int main(int argc, char** argv) {
  QCoreApplication app(argc, argv);
  QTcpServer silent;
  silent.listen(QHostAddress::LocalHost);
  QNetworkAccessManager network;
  auto* const r = network.get(QNetworkRequest(QUrl(QString("http://127.0.0.1:%1/").arg(silent.serverPort()))));
  bool inside = false, open = true;
  QObject::connect(r, &QNetworkReply::finished, [&] { inside = true; open = r->isOpen(); });
  r->abort();
  std::printf("finished inside of abort: %s, open: %s\n", inside ? "yes" : "no", open ? "yes" : "no");
  delete r;
}
CPP
g++ -std=c++20 -fPIC $(pkg-config --cflags Qt6Network) main.cpp $(pkg-config --libs Qt6Network) -o main
timeout 20 ./main
