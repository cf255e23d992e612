using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>What a <see cref="Listener"/> was told as a webhook.</summary>
static class Telling
{
    public static List<JsonElement> Events(this Listener endpoint) =>
        [.. endpoint.Heard.SelectMany(static heard => JsonDocument.Parse(heard.Body).RootElement.GetProperty("events").EnumerateArray())];

    /// <summary>As <c>opened a, deleted a</c>.</summary>
    public static string Told(this Listener endpoint) =>
        string.Join(", ", endpoint.Events().Select(static one => $"{one.GetProperty("event").GetString()} {one.GetProperty("mailbox").GetString()}"));

    /// <summary>Lets time pass until so many events came, no faster than calls are answered: they would seem late.</summary>
    public static Task UntilToldAsync(this GatewayHost host, Listener endpoint, int count) => GatewayHost.UntilAsync(async () =>
    {
        for (var i = 0; i < 8; i++) await host.Http.GetStringAsync("/healthz");
        host.Time.Pass(TimeSpan.FromMilliseconds(250));
        return endpoint.Events().Count >= count;
    });
}
