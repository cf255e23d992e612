using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Station 1: <c>POST /deliver</c>, one request, many letters, as JSON or as parts (spec sections 5 and 6).</summary>
sealed class DeliverManyRoute(IMailboxGrid grid, GatewayMetrics metrics, IOptions<GatewayOptions> options)
{
    readonly GatewayOptions _options = options.Value;

    public Task Handle(HttpContext http)
    {
        if (http.Request.Method != "POST") return http.NotAllowed("POST");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = _options.MaxDeliverBytes;
        return LetterParts.IsMultiplexed(http.Request.ContentType) ? DeliverParts(http) : DeliverJson(http);
    }

    async Task DeliverJson(HttpContext http)
    {
        using var body = await JsonRequest.ReadAsync(http.Request, _options.MaxDeliverBytes).ConfigureAwait(false);
        if (body.Problem is { } problem) await problem.WriteAsync(http).ConfigureAwait(false);
        else if (body.Root.ValueKind == JsonValueKind.Array) await DeliverList(http, body.Root).ConfigureAwait(false);
        else await DeliverOne(http, body.Root).ConfigureAwait(false);
    }

    async Task DeliverOne(HttpContext http, JsonElement json)
    {
        var (post, problem) = LetterJson.Read(json, _options.MaxBodyBytes);
        var line = new LetterLine(grid, metrics);
        if (post is not null) await line.PostAsync(post).ConfigureAwait(false);
        var letters = await line.FinishAsync().ConfigureAwait(false);
        await (problem?.WriteAsync(http)
            ?? JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, letters[0], static (json, letter) => letter.WriteTo(json))).ConfigureAwait(false);
    }

    async Task DeliverList(HttpContext http, JsonElement list)
    {
        if (list.GetArrayLength() > _options.MaxLetters)
        {
            await TooMany().WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var line = new LetterLine(grid, metrics);
        foreach (var json in list.EnumerateArray())
        {
            var (post, problem) = LetterJson.Read(json, _options.MaxBodyBytes);
            if (post is null) line.Refuse(problem!);
            else await line.PostAsync(post).ConfigureAwait(false);
        }
        await JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, await line.FinishAsync().ConfigureAwait(false), WriteLetters).ConfigureAwait(false);
    }

    // What comes before a fault is delivered, whether or not the fault comes.
    async Task DeliverParts(HttpContext http)
    {
        if (LetterParts.Of(http.Request.ContentType, http.Request.Body, _options.MaxBodyBytes) is not { } parts)
        {
            await new Problem(ProblemKinds.BadHeader, "Content-Type: must have a boundary of 1 to 70 characters.").WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var line = new LetterLine(grid, metrics);
        var fault = await PostAll(parts, line).ConfigureAwait(false);
        var letters = await line.FinishAsync().ConfigureAwait(false);
        await (fault is null
            ? JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, letters, WriteLetters)
            : JsonAnswer.WriteAsync(http, fault.Kind.Status, (fault, letters), WriteFault, "application/problem+json")).ConfigureAwait(false);
    }

    async ValueTask<Problem?> PostAll(LetterParts parts, LetterLine line)
    {
        while (await parts.NextAsync().ConfigureAwait(false) is var next && next != default)
        {
            if (next.Post is null) return next.Problem;
            if (line.Count == _options.MaxLetters) return TooMany();
            await line.PostAsync(next.Post).ConfigureAwait(false);
        }
        return null;
    }

    Problem TooMany() => new(ProblemKinds.TooLarge, $"One request carries at most {_options.MaxLetters} letters.");

    static void WriteLetters(Utf8JsonWriter json, IReadOnlyList<Letter> letters)
    {
        json.WriteStartArray();
        foreach (var letter in letters) letter.WriteTo(json);
        json.WriteEndArray();
    }

    static void WriteFault(Utf8JsonWriter json, (Problem Problem, IReadOnlyList<Letter> Letters) answer)
    {
        json.WriteStartObject();
        answer.Problem.WriteMembers(json);
        json.WritePropertyName("delivered"u8);
        WriteLetters(json, answer.Letters);
        json.WriteEndObject();
    }
}
