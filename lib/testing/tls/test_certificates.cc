// SPDX-License-Identifier: Apache-2.0

#include "creche/testing/tls/test_certificates.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "creche/core/internal/misuse.h"
#include "lib/tls/openssl_ptr.h"

namespace creche {
namespace {

using internal::OpensslPtr;

constexpr long kDay = 24L * 60 * 60;

// What a certificate says.
struct Contents {
  std::string subject;
  std::string alternative_name;  // As OpenSSL's configuration writes it.
  const char* usage = nullptr;
  bool is_authority = false;
  long begins = -kDay;  // Seconds from now.
  long ends = kDay;
};

// Only a lack of memory makes these fail.
void Require(bool is_done) {
  if (!is_done) internal::Misuse("TestCertificates: OpenSSL has failed");
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension =
      X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// The highest bit must be 0 (the number is positive), and another one not.
void SetSerialNumber(X509* certificate) {
  std::uint64_t number = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&number),
                     sizeof(number)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
                          (number >> 1) | 1);
}

OpensslPtr<X509> Make(const Contents& contents, EVP_PKEY* key, X509* issuer,
                      EVP_PKEY* issuer_key) {
  OpensslPtr<X509> made(X509_new());
  X509* const certificate = made.get();
  if (issuer == nullptr) issuer = certificate;  // Signs itself.
  X509_set_version(certificate, X509_VERSION_3);
  SetSerialNumber(certificate);
  X509_gmtime_adj(X509_getm_notBefore(certificate), contents.begins);
  X509_gmtime_adj(X509_getm_notAfter(certificate), contents.ends);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(contents.subject.c_str()), -1, -1,
      0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  AddExtension(certificate, issuer, NID_basic_constraints,
               contents.is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (contents.usage != nullptr) {
    AddExtension(certificate, issuer, NID_ext_key_usage, contents.usage);
  }
  if (!contents.alternative_name.empty()) {
    AddExtension(certificate, issuer, NID_subject_alt_name,
                 contents.alternative_name);
  }
  Require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  return made;
}

Contents OfName(const std::string& name) {
  unsigned char address[16];
  const bool is_address = inet_pton(AF_INET, name.c_str(), address) == 1 ||
                          inet_pton(AF_INET6, name.c_str(), address) == 1;
  Contents contents;
  contents.subject = name;
  contents.alternative_name = absl::StrCat(is_address ? "IP:" : "DNS:", name);
  contents.usage = "serverAuth,clientAuth";
  return contents;
}

Contents OfAuthority(std::string subject) {
  Contents contents;
  contents.subject = std::move(subject);
  contents.is_authority = true;
  return contents;
}

std::string TextOf(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string PemOf(X509* certificate) {
  const OpensslPtr<BIO> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  return TextOf(memory.get());
}

std::string PemOf(EVP_PKEY* key) {
  const OpensslPtr<BIO> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr,
                           nullptr);
  return TextOf(memory.get());
}

OpensslPtr<EVP_PKEY> NewKey() {
  const OpensslPtr<EVP_PKEY_CTX> maker(
      EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  Require(EVP_PKEY_keygen_init(maker.get()) == 1);
  Require(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker.get(),
                                                 NID_X9_62_prime256v1) == 1);
  EVP_PKEY* key = nullptr;
  Require(EVP_PKEY_keygen(maker.get(), &key) == 1);
  return OpensslPtr<EVP_PKEY>(key);
}

}  // namespace

struct TestCertificates::Authority {
  // Signed by `issuer`; nullptr: by itself.
  Authority(const std::string& subject, const Authority* issuer)
      : key(NewKey()),
        certificate(
            Make(OfAuthority(subject), key.get(),
                 issuer != nullptr ? issuer->certificate.get() : nullptr,
                 issuer != nullptr ? issuer->key.get() : key.get())) {}

  TestCertificate Sign(const Contents& contents) const {
    const OpensslPtr<EVP_PKEY> own_key = NewKey();
    const OpensslPtr<X509> signed_one =
        Make(contents, own_key.get(), certificate.get(), key.get());
    return {PemOf(signed_one.get()), PemOf(own_key.get())};
  }

  OpensslPtr<EVP_PKEY> key;
  OpensslPtr<X509> certificate;
};

TestCertificates::TestCertificates()
    : root_(std::make_unique<Authority>("creche test root", nullptr)),
      intermediate_(
          std::make_unique<Authority>("creche test intermediate", root_.get())),
      trusted_pem_(PemOf(root_->certificate.get())) {}

TestCertificates::~TestCertificates() = default;

TestCertificate TestCertificates::Good(const std::string& name) const {
  return root_->Sign(OfName(name));
}

TestCertificate TestCertificates::GoodWithIntermediate(
    const std::string& name) const {
  TestCertificate made = WithoutIntermediate(name);
  made.chain += PemOf(intermediate_->certificate.get());
  return made;
}

TestCertificate TestCertificates::Expired(const std::string& name) const {
  Contents contents = OfName(name);
  contents.begins = -2 * kDay;
  contents.ends = -kDay;
  return root_->Sign(contents);
}

TestCertificate TestCertificates::NotYetValid(const std::string& name) const {
  Contents contents = OfName(name);
  contents.begins = kDay;
  contents.ends = 2 * kDay;
  return root_->Sign(contents);
}

TestCertificate TestCertificates::ForClientsOnly(
    const std::string& name) const {
  Contents contents = OfName(name);
  contents.usage = "clientAuth";
  return root_->Sign(contents);
}

TestCertificate TestCertificates::WithSubjectOnly(
    const std::string& name) const {
  Contents contents = OfName(name);
  contents.alternative_name.clear();
  return root_->Sign(contents);
}

TestCertificate TestCertificates::SelfSigned(const std::string& name) const {
  const OpensslPtr<EVP_PKEY> key = NewKey();
  const OpensslPtr<X509> made =
      Make(OfName(name), key.get(), nullptr, key.get());
  return {PemOf(made.get()), PemOf(key.get())};
}

TestCertificate TestCertificates::WithoutIntermediate(
    const std::string& name) const {
  return intermediate_->Sign(OfName(name));
}

}  // namespace creche
