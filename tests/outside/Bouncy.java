/* What Bouncy Castle makes of certificates, revocation lists and OCSP responses of ours (R-PKI-5):
 *   java -cp bcprov.jar:bcpkix.jar:bcutil.jar Bouncy.java chain ROOT.cer ISSUING.cer LEAF.cer
 *   … crl ISSUER.cer LIST.crl LEAF.cer        … ocsp ISSUER.cer RESPONSE.der LEAF.cer
 * Checks signatures, names, times, critical extensions; prints "good" or "revoked", and ends with 1 and a reason otherwise. */
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

public class Bouncy {
    static CertificateFactory factory;

    static byte[] read(String path) throws Exception {
        return Files.readAllBytes(Path.of(path));
    }

    static X509Certificate certificate(String path) throws Exception {
        return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(read(path)));
    }

    static void must(boolean good, String what) {
        if (good) return;
        System.err.println(what);
        System.exit(1);
    }

    static String chain(X509Certificate root, X509Certificate issuing, X509Certificate leaf) throws Exception {
        PKIXParameters p = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        p.setRevocationEnabled(false);
        CertPathValidator.getInstance("PKIX", "BC").validate(factory.generateCertPath(List.of(leaf, issuing)), p);
        root.verify(root.getPublicKey(), "BC");
        return "good";
    }

    static String crl(X509Certificate issuer, String path, X509Certificate leaf) throws Exception {
        X509CRL list = (X509CRL) factory.generateCRL(new ByteArrayInputStream(read(path)));
        list.verify(issuer.getPublicKey(), "BC");
        must(list.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()), "another issuer");
        must(list.getNextUpdate().after(new Date()) && !list.getThisUpdate().after(new Date()), "not of today");
        return list.getRevokedCertificate(leaf.getSerialNumber()) != null ? "revoked" : "good";
    }

    static String ocsp(X509Certificate issuer, String path, X509Certificate leaf) throws Exception {
        OCSPResp response = new OCSPResp(read(path));
        must(response.getStatus() == OCSPResp.SUCCESSFUL, "no success: " + response.getStatus());
        BasicOCSPResp basic = (BasicOCSPResp) response.getResponseObject();
        JcaContentVerifierProviderBuilder verifiers = new JcaContentVerifierProviderBuilder().setProvider("BC");
        X509CertificateHolder[] with = basic.getCerts();
        X509CertificateHolder signer = with.length > 0 ? with[0] : new JcaX509CertificateHolder(issuer);
        must(with.length == 0 || signer.isSignatureValid(verifiers.build(issuer)), "the responder is not the issuer's");
        must(basic.isSignatureValid(verifiers.build(signer)), "the signature does not hold");
        BigInteger serial = leaf.getSerialNumber();
        for (SingleResp one : basic.getResponses()) {
            if (!one.getCertID().getSerialNumber().equals(serial)) continue;
            must(one.getNextUpdate().after(new Date()), "not of today");
            if (one.getCertStatus() == null) return "good";
            must(one.getCertStatus() instanceof RevokedStatus, "unknown");
            return "revoked";
        }
        must(false, "not about this certificate");
        return "";
    }

    public static void main(String[] a) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        factory = CertificateFactory.getInstance("X.509", "BC");
        for (int i = 0; i + 3 < a.length; i += 4) {
            X509Certificate first = certificate(a[i + 1]), last = certificate(a[i + 3]);
            System.out.println(a[i].equals("chain") ? chain(first, certificate(a[i + 2]), last)
                               : a[i].equals("crl") ? crl(first, a[i + 2], last) : ocsp(first, a[i + 2], last));
        }
    }
}
