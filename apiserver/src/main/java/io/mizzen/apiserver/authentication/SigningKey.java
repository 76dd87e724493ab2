// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.authentication;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Reads a private key from PEM (PKCS #8, SEC 1 or PKCS #1) with the public key that belongs to it. */
final class SigningKey {
    private SigningKey() {}

    /**
     * The key as a JWK.
     *
     * @throws IllegalArgumentException when it is not an EC key on P-256 or an RSA key
     */
    static JWK read(String pem) {
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            PrivateKeyInfo info = null;
            for (Object part = parser.readObject(); part != null; part = parser.readObject()) {
                if (part instanceof PEMKeyPair pair) {
                    info = pair.getPrivateKeyInfo();
                } else if (part instanceof PrivateKeyInfo plain) {
                    info = plain;
                }
            }
            if (info == null) {
                throw new IllegalArgumentException("the service account key file holds no private key");
            }
            PrivateKey key = new JcaPEMKeyConverter().getPrivateKey(info);
            return switch (key) {
                case ECPrivateKey ec ->
                    new ECKey.Builder(Curve.P_256, publicOf(ec))
                            .privateKey(ec)
                            .keyIDFromThumbprint()
                            .build();
                case RSAPrivateCrtKey rsa ->
                    new RSAKey.Builder(publicOf(rsa))
                            .privateKey(rsa)
                            .keyIDFromThumbprint()
                            .build();
                default ->
                    throw new IllegalArgumentException(
                            "the service account key is neither EC nor RSA but " + key.getAlgorithm());
            };
        } catch (IOException | GeneralSecurityException | com.nimbusds.jose.JOSEException unusable) {
            throw new IllegalArgumentException("the service account key cannot be read: " + unusable.getMessage());
        }
    }

    private static ECPublicKey publicOf(ECPrivateKey key) throws GeneralSecurityException {
        var point = new FixedPointCombMultiplier()
                .multiply(ECNamedCurveTable.getByName("P-256").getG(), key.getS())
                .normalize();
        ECPoint affine = new ECPoint(
                point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
        return (ECPublicKey) KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(affine, key.getParams()));
    }

    private static RSAPublicKey publicOf(RSAPrivateCrtKey key) throws GeneralSecurityException {
        RSAPublicKeySpec spec = new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent());
        return (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(spec);
    }
}
