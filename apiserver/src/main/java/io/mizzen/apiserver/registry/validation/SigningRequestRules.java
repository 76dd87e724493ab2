// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.registry.validation;

import static io.mizzen.apiserver.schema.FieldErrors.at;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.certificate.CertificateRequest;
import io.mizzen.api.meta.Names;
import io.mizzen.apiserver.schema.FieldErrors;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** CertificateSigningRequests. */
final class SigningRequestRules implements KindRules {
    private static final long SHORTEST_SECONDS = 600;
    private static final int LONGEST_SIGNER_NAME = 571;
    private static final List<String> USAGES = List.of(
            "any",
            "cert sign",
            "client auth",
            "code signing",
            "content commitment",
            "crl sign",
            "data encipherment",
            "decipher only",
            "digital signature",
            "email protection",
            "encipher only",
            "ipsec end system",
            "ipsec tunnel",
            "ipsec user",
            "key agreement",
            "key encipherment",
            "microsoft sgc",
            "netscape sgc",
            "ocsp signing",
            "s/mime",
            "server auth",
            "signing",
            "timestamping");

    @Override
    public void check(FieldErrors errors, ObjectNode request) {
        JsonNode spec = request.path("spec");
        try {
            var parsed = CertificateRequest.parse(
                    Base64.getDecoder().decode(spec.path("request").asText("")));
            java.util.Objects.requireNonNull(parsed);
        } catch (IllegalArgumentException malformed) {
            errors.invalid("spec.request", spec.path("request"), String.valueOf(malformed.getMessage()));
        }
        if (spec.path("usages").isEmpty()) {
            errors.required("spec.usages", "");
        }
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode usage : spec.path("usages")) {
            Values.oneOf(errors, at("spec.usages", index), usage, USAGES);
            if (!seen.add(usage.asText(""))) {
                errors.duplicate(at("spec.usages", index), usage);
            }
            index++;
        }
        signerName(errors, spec.path("signerName"));
        JsonNode expiration = spec.path("expirationSeconds");
        if (expiration.isNumber() && expiration.asLong() < SHORTEST_SECONDS) {
            errors.invalid(
                    "spec.expirationSeconds",
                    expiration,
                    "may not specify a duration less than 600 seconds (10 minutes)");
        }
    }

    private static void signerName(FieldErrors errors, JsonNode node) {
        String name = node.asText("");
        if (name.isEmpty()) {
            errors.required("spec.signerName", "");
            return;
        }
        int slash = name.indexOf('/');
        if (slash < 0 || slash != name.lastIndexOf('/')) {
            errors.invalid(
                    "spec.signerName",
                    node,
                    "must be a fully qualified domain and path of the form 'example.com/signer-name'");
            return;
        }
        String domain = name.substring(0, slash);
        Names.subdomainErrors(domain).forEach(reason -> errors.invalid("spec.signerName", node, reason));
        if (!domain.contains(".")) {
            errors.invalid("spec.signerName", node, "should be a domain with at least two segments separated by dots");
        }
        Names.subdomainErrors(name.substring(slash + 1))
                .forEach(reason -> errors.invalid("spec.signerName", node, reason));
        if (name.length() > LONGEST_SIGNER_NAME) {
            errors.tooLong("spec.signerName", LONGEST_SIGNER_NAME);
        }
    }

    @Override
    public void subresourceChange(FieldErrors errors, ObjectNode request, ObjectNode old, String subresource) {
        JsonNode conditions = request.path("status").path("conditions");
        for (String type : List.of("Approved", "Denied", "Failed")) {
            if (has(old.path("status").path("conditions"), type) && !has(conditions, type)) {
                errors.forbidden("status.conditions", "updates may not remove a condition of type \"" + type + "\"");
            }
        }
        conditions(errors, conditions);
        if (subresource.equals("status")) {
            certificate(
                    errors,
                    request.path("status").path("certificate"),
                    old.path("status").path("certificate"));
        }
    }

    private static void conditions(FieldErrors errors, JsonNode conditions) {
        Set<String> seen = new HashSet<>();
        int index = 0;
        for (JsonNode condition : conditions) {
            String path = at("status.conditions", index);
            String type = condition.path("type").asText("");
            Values.required(errors, at(path, "type"), condition.path("type"));
            Values.requiredOneOf(
                    errors, at(path, "status"), condition.path("status"), List.of("False", "True", "Unknown"));
            if (Set.of("Approved", "Denied", "Failed").contains(type)
                    && !condition.path("status").asText("").equals("True")) {
                errors.notSupported(at(path, "status"), condition.path("status"), List.of("True"));
            }
            if (!type.isEmpty() && !seen.add(type)) {
                errors.duplicate(at(path, "type"), condition.path("type"));
            }
            if (seen.contains("Approved") && seen.contains("Denied")) {
                errors.invalid(
                        at(path, "type"),
                        condition.path("type"),
                        "Approved and Denied conditions are mutually exclusive");
            }
            index++;
        }
    }

    private static void certificate(FieldErrors errors, JsonNode certificate, JsonNode old) {
        if (Values.absent(certificate) && Values.absent(old)) {
            return;
        }
        if (!Values.absent(old) && !certificate.equals(old)) {
            errors.invalid("status.certificate", certificate, Values.IMMUTABLE);
            return;
        }
        try {
            byte[] pem = Base64.getDecoder().decode(certificate.asText(""));
            boolean isPem = new String(pem, StandardCharsets.US_ASCII).contains("-----BEGIN CERTIFICATE-----");
            if (!isPem
                    || CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(pem))
                            .isEmpty()) {
                errors.invalid(
                        "status.certificate", "<certificate data>", "must contain at least one CERTIFICATE PEM block");
            }
        } catch (GeneralSecurityException | IllegalArgumentException malformed) {
            errors.invalid("status.certificate", "<certificate data>", String.valueOf(malformed.getMessage()));
        }
    }

    private static boolean has(JsonNode conditions, String type) {
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText("").equals(type)) {
                return true;
            }
        }
        return false;
    }
}
