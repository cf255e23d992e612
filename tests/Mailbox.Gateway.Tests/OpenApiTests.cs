using System.Net;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Mailbox.Gateway.Tests;

/// <summary>The description of the interface, compared with what the gateway answers and with docs/protocol.md.</summary>
public sealed partial class OpenApiTests
{
    // What any route consists of; a segment in braces stands for a value.
    static readonly Dictionary<string, string> s_values = new()
    {
        ["{mailbox}"] = "m",
        ["{group}"] = "g",
        ["{name}"] = "w",
        ["{position}"] = "1.1",
    };

    static readonly HttpMethod[] s_methods = [HttpMethod.Get, HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Patch];

    // Files and the description itself: what the document is not about.
    static readonly string[] s_undescribed = ["/openapi/v1.json"];

    // What the hosts serve beside the gateway.
    static readonly string[] s_ofTheHosts = ["/metrics"];

    [Fact]
    public async Task The_description_is_valid_OpenAPI()
    {
        await using var host = await GatewayHost.StartAsync();
        var read = OpenApiDocument.Parse(await host.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken), "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Empty(read.Document!.Validate(ValidationRuleSet.GetDefaultRuleSet()));
    }

    [Fact]
    public async Task What_is_described_is_answered_and_nothing_else_by_the_same_path()
    {
        await using var host = await GatewayHost.StartAsync();
        foreach (var (path, item) in await PathsAsync(host))
        {
            if (s_ofTheHosts.Contains(path)) continue;
            string[] described = [.. item.Operations!.Keys.Select(static method => method.Method)];
            // OPTIONS is answered by all, and HEAD where GET has no effect.
            using var refused = await host.SendAsync(HttpMethod.Patch, Filled(path));
            await Problems.OfAsync(refused, 405, "method-not-allowed");
            Assert.Equal(described.Order(), refused.Content.Headers.Allow.Except(["HEAD"]).Order());
            foreach (var method in s_methods)
            {
                using var answer = await host.SendAsync(method, Filled(path) + (path == "/mailboxes/{mailbox}" ? "?wait=0" : ""), method == HttpMethod.Get ? null : []);
                Assert.True(described.Contains(method.Method) == (answer.StatusCode != HttpStatusCode.MethodNotAllowed), $"{method} {path}: {answer.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task Every_path_that_is_answered_is_described()
    {
        await using var host = await GatewayHost.StartAsync();
        var described = (await PathsAsync(host)).Keys.Select(Filled).Concat(s_undescribed).ToHashSet();
        string[] words = [.. described.SelectMany(static path => path.Split('/')).Append("ticket").Append("tickets").Append("revocations").Append("backups").Where(static word => word.Length > 0).Distinct()];
        foreach (var path in await AnsweredAsync(host, words)) Assert.Contains(path, described);
    }

    [Fact]
    public async Task The_table_of_routes_in_the_protocol_and_the_description_are_the_same()
    {
        await using var host = await GatewayHost.StartAsync();
        var described = (await PathsAsync(host)).SelectMany(static path => path.Value.Operations!.Keys.Select(method => $"{method.Method} {path.Key}")).ToHashSet();
        var told = Routes(File.ReadAllText(Path.Combine(Root, "docs", "protocol.md"))).ToHashSet();
        Assert.Equal(described.Order(), told.Order());
    }

    [Fact]
    public async Task The_page_that_shows_it_loads_nothing_from_elsewhere()
    {
        await using var host = await HostProcess.StartAsync();
        using var page = await host.Http.GetAsync("/openapi", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("openapi/v1.json", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", html);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self' 'nonce-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        foreach (Match script in ScriptOf().Matches(html))
        {
            using var file = await host.Http.GetAsync(new Uri(page.RequestMessage!.RequestUri!, script.Groups[1].Value), TestContext.Current.CancellationToken);
            Assert.Equal("text/javascript", file.Content.Headers.ContentType!.MediaType);
        }
        foreach (var path in s_ofTheHosts) (await host.Http.GetAsync(path, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode().Dispose();
        using var other = await host.Http.GetAsync("/openapi/v2.json", TestContext.Current.CancellationToken);
        await Problems.OfAsync(other, 404, "not-found");
    }

    static async Task<IDictionary<string, IOpenApiPathItem>> PathsAsync(GatewayHost host) =>
        OpenApiDocument.Parse(await host.Http.GetStringAsync("/openapi/v1.json"), "json").Document!.Paths;

    // PATCH is answered 405 where there is a route, and 404 where there is none.
    static async Task<List<string>> AnsweredAsync(GatewayHost host, string[] words)
    {
        List<string> answered = [];
        foreach (var first in words)
            foreach (var second in words.Prepend(""))
                foreach (var rest in second == "" ? [""] : words.Prepend("").Concat(words.Select(static word => "members/" + word)).Concat(words.Select(static word => "messages/" + word)))
                {
                    var path = $"/{first}/{second}/{rest}".TrimEnd('/');
                    using var answer = await host.SendAsync(HttpMethod.Patch, path);
                    if (answer.StatusCode == HttpStatusCode.MethodNotAllowed) answered.Add(path);
                }
        // A name may be any word.
        return [.. answered.Select(Canonical).Distinct()];
    }

    static string Canonical(string path)
    {
        var segments = path.Split('/');
        if (segments.Length > 2) segments[2] = segments[1] switch { "mailboxes" => "m", "groups" => "g", "webhooks" => "w", _ => segments[2] };
        if (segments.Length > 4) segments[4] = segments[3] == "messages" ? "1.1" : "m";
        return string.Join('/', segments);
    }

    static string Filled(string path) => string.Join('/', path.Split('/').Select(static segment => s_values.GetValueOrDefault(segment, segment)));

    // `PUT /a/{b}`, `DELETE …`: a method alone or with … has the path before it; a path alone has the method before it.
    static IEnumerable<string> Routes(string protocol)
    {
        var table = protocol[protocol.IndexOf("## Routes", StringComparison.Ordinal)..protocol.IndexOf("### The headers of a message", StringComparison.Ordinal)];
        foreach (Match row in RowOf().Matches(table))
        {
            var (method, path) = ("", "");
            foreach (Match code in CodeOf().Matches(row.Groups[1].Value))
            {
                var words = code.Groups[1].Value.Split(' ');
                if (words[0].StartsWith('/')) path = words[0];
                else (method, path) = (words[0], words.Length > 1 && words[1] != "…" ? words[1] : path);
                path = path.Split('?')[0];
                if (!IsFile(path)) yield return $"{method} {path}";
            }
        }
    }

    static bool IsFile(string path) => path is "/" or "/trucks" or "/mailbox-client.js" || path.StartsWith("/openapi", StringComparison.Ordinal);

    static string Root { get; } = RootOf(AppContext.BaseDirectory);

    static string RootOf(string directory) => File.Exists(Path.Combine(directory, "BannedSymbols.txt")) ? directory : RootOf(Path.GetDirectoryName(directory)!);

    [GeneratedRegex("(?m)^\\| ([^|]*`/[^|]*|[^|]*` ?/[^|]*|`[A-Z]+ /[^|]*) \\|")]
    private static partial Regex RowOf();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodeOf();

    [GeneratedRegex("<script[^>]* src=\"([^\"]+)\"")]
    private static partial Regex ScriptOf();
}
