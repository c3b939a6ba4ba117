// SPDX-License-Identifier: MIT
// certificate.hpp: makes a self-signed certificate for loopback, which no client trusts.
#pragma once

#include <stdexcept>

#include <boost/asio/ssl/context.hpp>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace tests {

/// Gives a server a new key and a self-signed certificate.
inline void certify(boost::asio::ssl::context& context) {
  EVP_PKEY_CTX* const maker = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr);
  EVP_PKEY* key = nullptr;
  if (maker == nullptr || EVP_PKEY_keygen_init(maker) != 1 ||
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker, NID_X9_62_prime256v1) != 1 || EVP_PKEY_keygen(maker, &key) != 1) {
    throw std::runtime_error("no key");
  }
  EVP_PKEY_CTX_free(maker);
  X509* const certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  auto* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  bool const done = X509_sign(certificate, key, EVP_sha256()) != 0 &&
                    SSL_CTX_use_certificate(context.native_handle(), certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context.native_handle(), key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!done) throw std::runtime_error("no certificate");
}

}  // namespace tests
