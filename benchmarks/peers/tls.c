// SPDX-License-Identifier: Apache-2.0

#include "tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static char certificate_text[4096];
static char key_text[4096];

static void AddExtension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

static void Make(void) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             (const unsigned char*)"localhost", -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  AddExtension(certificate, NID_subject_alt_name, "DNS:localhost");
  X509_sign(certificate, key, EVP_sha256());

  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, certificate);
  BIO_read(memory, certificate_text, sizeof(certificate_text) - 1);
  PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
  BIO_read(memory, key_text, sizeof(key_text) - 1);
  BIO_free(memory);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

const char* TlsCertificate(void) {
  if (certificate_text[0] == '\0') Make();
  return certificate_text;
}

const char* TlsKey(void) {
  if (key_text[0] == '\0') Make();
  return key_text;
}
