using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mailbox.Storage.Tests;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>TLS between the processes of a cluster, with certificates that they made themselves.</summary>
public sealed class NodeCertificatesTests : IDisposable
{
    const string Password = "only for this test";
    readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Nodes_with_one_certificate_find_each_other()
    {
        var file = Write("ours", NewCertificate());
        await using var silo = await Node.StartAsync(With(file));
        await using var gateway = await Node.StartAsync(With(file, silo));

        await Task.WhenAll(silo.SeeAsync(2), gateway.SeeAsync(2));
    }

    [Fact]
    public async Task A_certificate_is_replaced_by_files_that_have_both()
    {
        X509Certificate2 old = NewCertificate(), next = NewCertificate();
        await using var silo = await Node.StartAsync(With(Write("old", old, PublicPartOf(next))));
        await using var gateway = await Node.StartAsync(With(Write("new", next, PublicPartOf(old)), silo));

        await Task.WhenAll(silo.SeeAsync(2), gateway.SeeAsync(2));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_has_another_certificate_or_none_does_not_get_in(bool hasOne)
    {
        await using var silo = await Node.StartAsync(With(Write("ours", NewCertificate())));
        var stranger = hasOne ? With(Write("theirs", NewCertificate()), silo) : new() { Silo = silo.EndPoint.ToString() };

        Assert.False(await Node.CanStartAsync(stranger, TimeSpan.FromSeconds(4)));
        await silo.SeeAsync(1);
    }

    [Fact]
    public void A_wrong_password_is_told()
    {
        var file = Write("ours", NewCertificate());

        var fault = Assert.Throws<IOException>(() => new Node(new() { Certificate = file, CertificatePassword = "another" }));

        Assert.Contains(file, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_private_key_is_refused()
    {
        var file = Write("ours", PublicPartOf(NewCertificate()));

        Assert.Throws<IOException>(() => new Node(With(file)));
    }

    public void Dispose() => _directory.Dispose();

    static NodeOptions With(string file, Node? silo = null) =>
        new() { Certificate = file, CertificatePassword = Password, Silo = silo?.EndPoint.ToString() ?? "" };

    string Write(string name, params X509Certificate2[] certificates)
    {
        File.WriteAllBytes(_directory[name], new X509Certificate2Collection(certificates).Export(X509ContentType.Pkcs12, Password)!);
        return _directory[name];
    }

    static X509Certificate2 PublicPartOf(X509Certificate2 certificate) => X509CertificateLoader.LoadCertificate(certificate.RawData);

    static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mailbox", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }
}
