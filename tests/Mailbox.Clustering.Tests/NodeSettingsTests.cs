using Mailbox.Gateway;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>What a process is refused before it starts.</summary>
public sealed class NodeSettingsTests
{
    [Fact]
    public void A_second_silo_cannot_join_one_that_has_a_journal() =>
        Assert.Contains("a journal has one silo", FaultOf(static settings => settings.ReadSilo(), ("Silo", "127.0.0.1:11111")), StringComparison.Ordinal);

    [Fact]
    public void A_gateway_is_told_where_the_cluster_is() =>
        Assert.Contains("Mailbox:Cluster:Silo", FaultOf(static settings => settings.ReadGateway()), StringComparison.Ordinal);

    [Fact]
    public void An_address_that_others_reach_needs_a_certificate() =>
        Assert.Contains("Mailbox:Cluster:Certificate", FaultOf(static settings => settings.ReadSilo(), ("Address", "10.0.0.7")), StringComparison.Ordinal);

    [Theory]
    [InlineData("Address", "0.0.0.0")]
    [InlineData("Address", "localhost")]
    [InlineData("SiloPort", "70000")]
    [InlineData("Silo", "10.0.0.7")]
    [InlineData("Id", "a b")]
    [InlineData("Schema", "a;drop")]
    [InlineData("Bogus", "1")]
    public void A_value_that_is_not_allowed_is_told_with_its_key(string key, string value) =>
        Assert.Contains($"Mailbox:Cluster:{key} is '{value}'", FaultOf(static settings => settings.ReadSilo(), (key, value)), StringComparison.Ordinal);

    [Theory]
    [InlineData("Hst=10.0.0.7;Password=secret")]
    [InlineData("Host=10.0.0.7;Port=many;Password=secret")]
    [InlineData("10.0.0.7;Password=secret")]
    public void A_database_that_cannot_be_read_is_told_without_its_password(string connection)
    {
        var fault = FaultOf(static settings => settings.ReadSilo(), ("Database", connection));
        Assert.Contains("Mailbox:Cluster:Database is '(not shown)': it must be as Npgsql takes it", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_needed_for_a_silo_of_its_own() => Read(static settings => settings.ReadSilo());

    static string FaultOf(Action<SettingsReader> read, params (string Key, string Value)[] values) =>
        Assert.Throws<SettingsException>(() => Read(read, values)).Message;

    static void Read(Action<SettingsReader> read, params (string Key, string Value)[] values)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(static pair => KeyValuePair.Create($"Mailbox:Cluster:{pair.Key}", (string?)pair.Value))).Build();
        var settings = new SettingsReader(configuration.GetSection("Mailbox"));
        read(settings);
        settings.Check();
    }
}
