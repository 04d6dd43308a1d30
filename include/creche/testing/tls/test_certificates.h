// SPDX-License-Identifier: Apache-2.0
//
// TestCertificates: an authority of a test's own, and certificates of its:
// good ones, and bad ones of each kind.
//
//   creche::TestCertificates certificates;
//   creche::TestCertificate server = certificates.Good("localhost");
//   creche::TlsServerOptions().set_certificate_pem(server.chain, server.key);
//   creche::TlsClientOptions().set_trusted_pem(certificates.trusted_pem());

#ifndef CRECHE_TESTING_TLS_TEST_CERTIFICATES_H_
#define CRECHE_TESTING_TLS_TEST_CERTIFICATES_H_

#include <memory>
#include <string>

namespace creche {

// In PEM. The chain begins with the certificate that the key belongs to.
struct TestCertificate {
  // What servers and clients are configured with.
  std::string chain;
  std::string key;
};

// Each has a new key (P-256). A name is a DNS name, which may begin with "*.",
// or an address in digits. To make one takes well under a millisecond.
class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  // The authority's own certificate: who trusts it accepts the good ones.
  const std::string& trusted_pem() const { return trusted_pem_; }

  // For servers and clients. The second has an intermediate authority, whose
  // certificate is in the chain.
  TestCertificate Good(const std::string& name) const;
  TestCertificate GoodWithIntermediate(const std::string& name) const;

  // Not to be accepted: its time is over, or has not come; it is for clients
  // only; its name is where such names were before RFC 2818 (the subject) and
  // nowhere else; nobody has signed it but itself; the certificate of the
  // intermediate authority is missing.
  TestCertificate Expired(const std::string& name) const;
  TestCertificate NotYetValid(const std::string& name) const;
  TestCertificate ForClientsOnly(const std::string& name) const;
  TestCertificate WithSubjectOnly(const std::string& name) const;
  TestCertificate SelfSigned(const std::string& name) const;
  TestCertificate WithoutIntermediate(const std::string& name) const;

 private:
  struct Authority;

  std::unique_ptr<Authority> root_;
  std::unique_ptr<Authority> intermediate_;
  std::string trusted_pem_;
};

}  // namespace creche

#endif  // CRECHE_TESTING_TLS_TEST_CERTIFICATES_H_
