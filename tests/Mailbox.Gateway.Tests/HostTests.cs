using System.Net;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway.Tests;

/// <summary>The start, CORS and what an operator sees (spec sections 5, 8 and 9).</summary>
public sealed class HostTests
{
    [Fact]
    public async Task An_address_that_is_not_loopback_is_refused_with_a_clear_message()
    {
        var refused = await Assert.ThrowsAsync<AddressRefusedException>(() => GatewayHost.StartAsync(url: "http://0.0.0.0:0"));
        Assert.Contains("0.0.0.0", refused.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_the_configuration_is_reported_with_key_value_and_what_is_allowed()
    {
        var settings = Settings(("Heartbeat", "soon"), ("Pumps", "-1"), ("Colour", "red"), ("CorsOrigins:0", "http://a"), ("Wait", "00:00:10"));
        Assert.Equal(TimeSpan.FromSeconds(10), settings.Read<GatewayOptions>().Wait);
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.Equal(3, fault.Faults.Count);
        Assert.Contains("Mailbox:Heartbeat is 'soon': allowed is a duration, [days.]hours:minutes:seconds, such as 00:00:15 or 1.00:00:00.", fault.Faults);
        Assert.Contains("Mailbox:Pumps is '-1': allowed is 0 to 64.", fault.Faults);
        Assert.Contains(fault.Faults, line => line.StartsWith("Mailbox:Colour is 'red': the key is unknown", StringComparison.Ordinal));
        await Assert.ThrowsAsync<SettingsException>(() => GatewayHost.StartAsync(new() { Heartbeat = TimeSpan.Zero }));
    }

    // .NET takes a bare number for days, HTTP for seconds.
    [Theory]
    [InlineData("Wait", "25")]
    [InlineData("Idle", "5")]
    [InlineData("Idle", "1.5")]
    public void A_duration_without_a_unit_is_refused_with_the_form_that_is_wanted(string key, string value)
    {
        var settings = Settings((key, value));
        settings.Read<GatewayOptions>();
        settings.Read<Engine.EngineOptions>();
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.StartsWith($"Mailbox:{key} is '{value}': allowed is a duration, [days.]hours:minutes:seconds", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1m")]
    [InlineData("99999999999")]
    public void A_key_that_two_parts_read_has_its_fault_once_with_the_range(string value)
    {
        var settings = Settings(("MaxBodyBytes", value));
        settings.Read<GatewayOptions>();
        settings.Read<Engine.EngineOptions>();
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.Equal($"Mailbox:MaxBodyBytes is '{value}': allowed is a whole number from 1 to 67108864.", Assert.Single(fault.Faults));
    }

    [Fact]
    public void A_key_that_is_spelt_wrong_is_refused_with_the_nearest_one()
    {
        var settings = Settings(("Hartbeat", "00:00:15"), ("Colour", "red"));
        settings.Read<GatewayOptions>();
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.Contains(fault.Faults, line => line.Contains("'00:00:15': the key is unknown, did you mean Heartbeat?", StringComparison.Ordinal));
        Assert.Contains(fault.Faults, line => line.Contains("'red': the key is unknown; known are", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "M5")]
    public async Task A_store_that_keeps_less_than_the_default_level_is_refused_at_the_start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<ILog>(new MemoryLog());
        builder.Services.AddGateway();
        await using var app = builder.Build();
        var refused = Assert.Throws<ArgumentException>(() => app.MapGateway());
        Assert.Contains("Durability is Disk, but the store keeps messages at level Memory", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disk", 422)]
    [InlineData("process", 422)]
    [InlineData("memory", 201)]
    [InlineData(null, 201)]
    [Trait("Rule", "M5")]
    public async Task A_delivery_at_a_level_that_the_store_cannot_keep_is_refused(string? level, int status)
    {
        await using var engine = Engine.MailboxEngine.InMemory(new() { Durability = Durability.Memory }, TimeProvider.System);
        await using var host = await GatewayHost.StartAsync(grid: engine);
        (string, string)[] headers = level is null ? [] : [("Durability", level)];
        using var answer = await host.DeliverAsync("a", "x", headers);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 422) await Problems.OfAsync(answer, 422, "not-kept");
    }

    // An application that embeds the gateway listens where it wants: it is the mailboxes' routes that refuse.
    [Theory]
    [InlineData("/mailboxes/a/state", "192.0.2.7", 403)]
    [InlineData("/groups/g", "2001:db8::7", 403)]
    [InlineData("/deliver", "::ffff:192.0.2.7", 403)]
    [InlineData("/metrics", "192.0.2.7", 403)]
    [InlineData("/healthz", "192.0.2.7", 200)]
    [InlineData("/other", "192.0.2.7", 200)]
    [InlineData("/mailboxes/a/state", null, 404)]
    public async Task Mailboxes_are_served_on_loopback_connections_only(string path, string? address, int status)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // All addresses, of both families: a connection to 127.0.0.1 has a mapped address then.
        builder.WebHost.UseUrls("http://*:0");
        builder.Services.AddSingleton<ILog>(new MemoryLog { Keeps = Durability.Disk });
        builder.Services.AddGateway();
        builder.Services.AddSingleton(new MetricsRoute(static _ => Task.CompletedTask));
        await using var app = builder.Build();
        app.Use((http, next) =>
        {
            if (address is not null) http.Connection.LocalIpAddress = IPAddress.Parse(address);
            return next(http);
        });
        app.MapGateway();
        app.MapGet("/other", () => "the application's own");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}{path}"), TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 403) Assert.Contains("loopback", await Problems.OfAsync(answer, 403, "not-loopback"), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_keep_what_is_not_set()
    {
        var engine = Settings(("MaxMessages", "7"), ("Durability", "process")).Read<Engine.EngineOptions>();
        Assert.Equal(7, engine.MaxMessages);
        Assert.Equal(MailboxOptions.Default.MaxBytes, engine.MaxBytes);
        Assert.Equal(Durability.Process, engine.Durability);
    }

    [Theory]
    [InlineData("urls", "9599")]
    [InlineData("urls", "https://127.0.0.1:9599")]
    [InlineData("urls", "http://127.0.0.1:9599/base")]
    [InlineData("urls", "http://127.0.0.1:70000")]
    [InlineData("urls", "http://127.0.0.1:9599;nonsense")]
    [InlineData("Kestrel:Endpoints:own:Url", "https://127.0.0.1:9599")]
    [InlineData("https_ports", "9599")]
    public void An_address_that_the_server_cannot_bind_to_is_a_fault_like_any_other(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();
        var settings = new SettingsReader(configuration.GetSection("Mailbox"));
        settings.ReadAddresses(configuration);
        Assert.StartsWith($"{key} is '{value}': ", Assert.Single(Assert.Throws<SettingsException>(settings.Check).Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0;http://[::1]:8080")]
    [InlineData("http://localhost:8080/")]
    [InlineData("http://unix:/tmp/mailbox.sock")]
    public void An_address_that_the_server_can_bind_to_is_none(string urls)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("urls", urls)]).Build();
        var settings = new SettingsReader(configuration.GetSection("Mailbox"));
        settings.ReadAddresses(configuration);
        settings.Check();
    }

    [Fact]
    public void A_number_is_no_name_of_a_durability()
    {
        var settings = Settings(("Durability", "7"));
        settings.Read<Engine.EngineOptions>();
        var fault = Assert.Throws<SettingsException>(settings.Check);
        Assert.Equal("Mailbox:Durability is '7': allowed are Memory, Process, Disk.", Assert.Single(fault.Faults));
    }

    [Fact]
    public async Task The_largest_body_of_an_embedded_gateway_is_set_in_one_place()
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 2 << 20 });
        using var delivered = await host.SendAsync(HttpMethod.Post, "/mailboxes/a", new byte[2 << 20]);
        Assert.Equal(HttpStatusCode.Created, delivered.StatusCode);
    }

    [Fact]
    public void A_store_that_fails_is_told_to_the_log_once_until_it_works_again_and_a_defect_each_time()
    {
        var log = new CountingLog();
        var faults = new EngineFaults([], log);
        foreach (var fault in new Exception[] { new StoreException("1"), new StoreException("2"), new InvalidOperationException("3"), new InvalidOperationException("4") })
            faults.Note(fault);
        faults.NoteRecovered();
        faults.NoteRecovered();
        faults.Note(new StoreException("5"));
        faults.Note(new StoreException("6"));
        Assert.Equal(["1", "3", "4", "The store works again.", "5"], log.Faults);
    }

    [Fact]
    public async Task CORS_is_off_by_default()
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(HttpMethod.Options, "/mailboxes/a", headers: [("Origin", "http://a"), ("Access-Control-Request-Method", "GET")]);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_configured_origin_may_read_with_credentials_and_send_Last_Event_ID()
    {
        await using var host = await GatewayHost.StartAsync(new() { CorsOrigins = ["http://a"] });
        using var preflight = await host.SendAsync(HttpMethod.Options, "/mailboxes/a", headers: [("Origin", "http://a"), ("Access-Control-Request-Method", "GET")]);
        Assert.Equal("http://a", preflight.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("true", preflight.Headers.GetValues("Access-Control-Allow-Credentials").Single());
        Assert.Contains("Last-Event-ID", preflight.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        Assert.Equal("Origin", preflight.Headers.GetValues("Vary").Single());
        using var stream = await host.OpenAsync("/mailboxes/a", "text/event-stream", ("Origin", "http://a"));
        Assert.Equal("http://a", stream.Response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var other = await host.OpenAsync("/mailboxes/a?wait=0", "*/*", ("Origin", "http://b"));
        Assert.False(other.Response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal("Origin", other.Response.Headers.GetValues("Vary").Single());
    }

    [Fact]
    public async Task A_star_never_comes_with_credentials()
    {
        await using var host = await GatewayHost.StartAsync(new() { CorsOrigins = ["*"] });
        using var answer = await host.OpenAsync("/mailboxes/a?wait=0", "*/*", ("Origin", "http://a"));
        Assert.Equal("*", answer.Response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(answer.Response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task The_page_and_the_description_of_the_interface_are_served()
    {
        await using var host = await GatewayHost.StartAsync();
        using var page = await host.Http.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        using var json = System.Text.Json.JsonDocument.Parse(await host.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken));
        Assert.StartsWith("3.", json.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);
    }

    static SettingsReader Settings(params (string Key, string Value)[] values) => new(new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create("Mailbox:" + pair.Key, (string?)pair.Value)))
        .Build().GetSection("Mailbox"));
}
