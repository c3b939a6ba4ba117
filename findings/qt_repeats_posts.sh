#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Qt 6.4.2 (Debian's qt6-base-dev): QNetworkAccessManager sends a POST again when the connection breaks before the answer.
#
# A server that has carried out an order, and breaks down before it answers, gets the same order a second time. Qt emits
# finished() only after that, and no error says that there were two requests. RFC 9110, section 9.2.2: a client should not
# retry a request with a method that is not idempotent by itself.
#
# Seen: "requests: 2" for one post().
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >main.cpp <<'CPP'
#include <QCoreApplication>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QTcpServer>
#include <QTcpSocket>
#include <cstdio>
int main(int argc, char** argv) {
  QCoreApplication app(argc, argv);
  QTcpServer server;
  int requests = 0;
  QObject::connect(&server, &QTcpServer::newConnection, [&] {
    auto* const socket = server.nextPendingConnection();
    QObject::connect(socket, &QTcpSocket::readyRead, [&, socket] {
      if (!socket->readAll().endsWith("item=7")) return;
      ++requests;
      socket->close();  // no answer
    });
  });
  server.listen(QHostAddress::LocalHost);
  QNetworkAccessManager network;
  QNetworkRequest order(QUrl(QString("http://127.0.0.1:%1/orders").arg(server.serverPort())));
  order.setHeader(QNetworkRequest::ContentTypeHeader, "text/plain");
  auto* const r = network.post(order, QByteArray("item=7"));
  QObject::connect(r, &QNetworkReply::finished, &app, &QCoreApplication::quit);
  app.exec();
  std::printf("requests: %d, error: %d\n", requests, static_cast<int>(r->error()));
  delete r;
}
CPP
g++ -std=c++20 -fPIC $(pkg-config --cflags Qt6Network) main.cpp $(pkg-config --libs Qt6Network) -o main
timeout 20 ./main
