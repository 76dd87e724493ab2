// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.net;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates and private keys from PEM text (PKCS#8, PKCS#1 RSA and SEC1 EC keys). Stateless. */
final class Pem {
    private static final byte[] RSA_ALGORITHM = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    private static final byte[] EC_OID = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private Pem() {}

    static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> all = new ArrayList<>();
        for (byte[] der : blocks(pem, "CERTIFICATE")) {
            all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
        }
        return all;
    }

    static PrivateKey key(String pem) throws GeneralSecurityException {
        for (byte[] der : blocks(pem, "PRIVATE KEY")) {
            return fromPkcs8(der);
        }
        for (byte[] der : blocks(pem, "RSA PRIVATE KEY")) {
            return fromPkcs8(pkcs8(RSA_ALGORITHM, der));
        }
        for (byte[] der : blocks(pem, "EC PRIVATE KEY")) {
            byte[] algorithm = sequence((byte) 0x30, concat(EC_OID, curve(der)));
            return fromPkcs8(pkcs8(algorithm, der));
        }
        throw new GeneralSecurityException("failed to find any PEM data in key input");
    }

    private static PrivateKey fromPkcs8(byte[] der) throws GeneralSecurityException {
        // The algorithm stands in the first bytes; EC is what the own PKI makes, so it is looked for first.
        String algorithm = contains(der, EC_OID) ? "EC" : contains(der, RSA_ALGORITHM) ? "RSA" : "EdDSA";
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static boolean contains(byte[] data, byte[] part) {
        int last = Math.min(data.length, 64) - part.length;
        for (int i = 0; i <= last; i++) {
            int j = 0;
            while (j < part.length && data[i + j] == part[j]) {
                j++;
            }
            if (j == part.length) {
                return true;
            }
        }
        return false;
    }

    /** The curve's object identifier from the optional [0] field of a SEC1 key. */
    private static byte[] curve(byte[] der) throws GeneralSecurityException {
        for (int i = 0; i + 4 < der.length; i++) {
            if (der[i] == (byte) 0xa0 && der[i + 2] == 0x06 && der[i + 1] == der[i + 3] + 2) {
                byte[] oid = new byte[der[i + 1]];
                System.arraycopy(der, i + 2, oid, 0, oid.length);
                return oid;
            }
        }
        throw new GeneralSecurityException("EC key without a named curve");
    }

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        byte[] version = {0x02, 0x01, 0x00};
        return sequence((byte) 0x30, concat(concat(version, algorithm), sequence((byte) 0x04, key)));
    }

    private static byte[] sequence(byte tag, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(content.length + 6);
        out.write(tag);
        if (content.length < 128) {
            out.write(content.length);
        } else if (content.length < 256) {
            out.write(0x81);
            out.write(content.length);
        } else {
            out.write(0x82);
            out.write(content.length >> 8);
            out.write(content.length);
        }
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] all = new byte[a.length + b.length];
        System.arraycopy(a, 0, all, 0, a.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static List<byte[]> blocks(String pem, String label) {
        List<byte[]> found = new ArrayList<>();
        String begin = "-----BEGIN " + label + "-----";
        String end = "-----END " + label + "-----";
        int at = pem.indexOf(begin);
        while (at >= 0) {
            int stop = pem.indexOf(end, at);
            if (stop < 0) {
                break;
            }
            String body = pem.substring(at + begin.length(), stop);
            found.add(Base64.getMimeDecoder().decode(body.getBytes(StandardCharsets.US_ASCII)));
            at = pem.indexOf(begin, stop);
        }
        return found;
    }
}
