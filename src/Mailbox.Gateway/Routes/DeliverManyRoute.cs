using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Station 1: <c>POST /deliver</c>, one request, many letters, as JSON or as parts (spec sections 5 and 6).</summary>
sealed class DeliverManyRoute(LetterDeliveries deliveries, CallerNames names, IOptions<GatewayOptions> options)
{
    readonly GatewayOptions _options = options.Value;

    public Task Handle(HttpContext http)
    {
        if (http.Request.Method != "POST") return http.NotAllowed("POST");
        return MultiplexMediaType.HasParts(http.Request.ContentType) ? DeliverParts(http) : DeliverJson(http);
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
        var (post, problem) = LetterJson.Read(json, names, _options.MaxBodyBytes);
        var letter = default(Letter);
        var delivery = deliveries.Begin(told =>
        {
            letter = told;
            return ValueTask.CompletedTask;
        });
        if (post is not null) await delivery.PostAsync(post).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        await (problem?.WriteAsync(http)
            ?? JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, letter, static (json, letter) => letter.WriteTo(json))).ConfigureAwait(false);
    }

    async Task DeliverList(HttpContext http, JsonElement list)
    {
        if (list.GetArrayLength() > _options.MaxLetters)
        {
            await new Problem(ProblemKinds.TooLarge, $"A list has at most {_options.MaxLetters} letters.").WriteAsync(http).ConfigureAwait(false);
            return;
        }
        await using var outcomes = new OutcomeList();
        var delivery = deliveries.Begin(outcomes.AddAsync);
        foreach (var json in list.EnumerateArray())
        {
            var (post, problem) = LetterJson.Read(json, names, _options.MaxBodyBytes);
            if (post is null) await delivery.RefuseAsync(problem!).ConfigureAwait(false);
            else await delivery.PostAsync(post).ConfigureAwait(false);
        }
        await delivery.FinishAsync().ConfigureAwait(false);
        await outcomes.AnswerAsync(http, null).ConfigureAwait(false);
    }

    // Parts have no bound together: they are delivered while they arrive, and no more than one is kept.
    async Task DeliverParts(HttpContext http)
    {
        var (boundary, problem) = MultiplexMediaType.BoundaryOf(http.Request.ContentType);
        var (body, refusal) = boundary is null ? (null, problem) : BodyOf(http.Request);
        await (body is null ? refusal!.WriteAsync(http) : DeliverParts(http, body, boundary!)).ConfigureAwait(false);
    }

    async Task DeliverParts(HttpContext http, PipeReader body, string boundary)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        await using var outcomes = new OutcomeList();
        var delivery = deliveries.Begin(outcomes.AddAsync);
        var fault = await DeliverAll(deliveries.Read(body, boundary, isEncoded: body != http.Request.BodyReader), delivery, outcomes).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        // The server ends its own reader.
        if (body != http.Request.BodyReader) await body.CompleteAsync().ConfigureAwait(false);
        await outcomes.AnswerAsync(http, fault).ConfigureAwait(false);
    }

    static (PipeReader? Body, Problem? Problem) BodyOf(HttpRequest request)
    {
        if (!BodyReader.IsEncoded(request)) return (request.BodyReader, null);
        var (decoded, problem) = BodyReader.Decode(request);
        return (decoded is null ? null : PipeReader.Create(decoded), problem);
    }

    // What comes before a fault is delivered, whether or not the fault comes.
    static async ValueTask<Problem?> DeliverAll(MultiplexReader reader, LetterDelivery delivery, OutcomeList outcomes)
    {
        while (await reader.ReadAsync().ConfigureAwait(false) is { IsEnd: false } read)
        {
            if (read.Part is null) return read.Problem;
            if (outcomes.IsFull) return new(ProblemKinds.TooLarge, "The letters of this request are too many to be listed.");
            if (await delivery.DeliverAsync(read.Part).ConfigureAwait(false) is { } problem) return problem;
        }
        return null;
    }
}
