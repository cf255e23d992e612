using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Mailbox.Clustering;

/// <summary>
/// TLS between the processes of a cluster. Who has the private key of a certificate in the file is of the cluster: names, dates and
/// authorities are not looked at, so a certificate that was made with one command does. To replace one, every process first gets a file
/// with both.
/// </summary>
static class NodeCertificates
{
    public static void UseNodeTls(this ISiloBuilder silo, NodeOptions node)
    {
        var certificates = Load(node);
        var own = certificates.FirstOrDefault(static one => one.HasPrivateKey)
            ?? throw new IOException($"The certificate file {node.Certificate} has no private key.");
        HashSet<string> believed = [.. certificates.Select(Fingerprint)];
        silo.UseTls(options =>
        {
            options.LocalCertificate = own;
            options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            options.RemoteCertificateValidation = (shown, _, _) => believed.Contains(Fingerprint(shown));
            options.OnAuthenticateAsClient = static (_, authentication) => authentication.TargetHost = "mailbox";
        });
    }

    static X509Certificate2Collection Load(NodeOptions node)
    {
        try
        {
            return X509CertificateLoader.LoadPkcs12CollectionFromFile(node.Certificate, node.CertificatePassword);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The certificate file {node.Certificate} cannot be used: {fault.Message}", fault);
        }
    }

    static string Fingerprint(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);
}
