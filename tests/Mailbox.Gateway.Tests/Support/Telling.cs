using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>What a <see cref="Listener"/> was told as a webhook.</summary>
static class Telling
{
    public static string Id(this Heard heard) => heard.Headers["webhook-id"];

    public static JsonElement Event(this Heard heard) => JsonDocument.Parse(heard.Body).RootElement;

    /// <summary>As <c>opened a</c>.</summary>
    public static string Text(this Heard heard) =>
        $"{heard.Event().GetProperty("type").GetString()} {heard.Event().GetProperty("data").GetProperty("mailbox").GetString()}";

    /// <summary>As <c>opened a, deleted a</c>.</summary>
    public static string Told(this Listener endpoint) => string.Join(", ", endpoint.Heard.Select(Text));

    /// <summary>Of one mailbox: as <c>opened deleted</c>.</summary>
    public static string Told(this Listener endpoint, string mailbox) =>
        string.Join(' ', endpoint.Heard.Select(Text).Where(text => text.EndsWith(" " + mailbox, StringComparison.Ordinal)).Select(static text => text.Split(' ')[0]));

    /// <summary>Lets time pass until so many events came, no faster than calls are answered: they would seem late.</summary>
    public static Task UntilToldAsync(this GatewayHost host, Listener endpoint, int count) => GatewayHost.UntilAsync(async () =>
    {
        for (var i = 0; i < 8; i++) await host.Http.GetStringAsync("/healthz");
        host.Time.Pass(TimeSpan.FromMilliseconds(250));
        return endpoint.Heard.Count >= count;
    });
}
