using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

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
        if (post is null)
        {
            await problem!.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        var letter = default(LetterOutcome);
        var delivery = deliveries.Begin(told =>
        {
            letter = told;
            return ValueTask.CompletedTask;
        });
        await delivery.PostAsync(post).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        await JsonAnswer.WriteAsync(http, StatusCodes.Status200OK, letter, static (json, letter) => letter.WriteTo(json)).ConfigureAwait(false);
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

    // Parts have no bound together: they are delivered while they arrive, and at most one is kept.
    async Task DeliverParts(HttpContext http)
    {
        var request = http.Request;
        var (boundary, problem) = MultiplexMediaType.BoundaryOf(request.ContentType);
        Stream? decoded = null;
        if (problem is null && BodyReader.IsEncoded(request)) (decoded, problem) = BodyReader.Decode(request);
        if (problem is not null)
        {
            await problem.WriteAsync(http).ConfigureAwait(false);
            return;
        }
        BodyReader.Admit(http, long.MaxValue);
        var body = decoded is null ? request.BodyReader : PipeReader.Create(decoded);
        await using var outcomes = new OutcomeList();
        var delivery = deliveries.Begin(outcomes.AddAsync);
        var reader = deliveries.Read(body, boundary!, isEncoded: decoded is not null);
        // The letters before a fault are delivered, whether or not the fault comes.
        while (problem is null && await reader.ReadAsync().ConfigureAwait(false) is { IsEnd: false } read)
            problem = read.Part is null ? read.Problem
                : outcomes.IsFull ? new(ProblemKinds.TooLarge, "The letters of this request are too many to be listed.")
                : await delivery.DeliverAsync(read.Part).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        // The server completes its own reader.
        if (decoded is not null) await body.CompleteAsync().ConfigureAwait(false);
        await outcomes.AnswerAsync(http, problem).ConfigureAwait(false);
    }
}

/// <summary>A letter as JSON: <c>{"to":[…],"groups":[…],"except":[…],"message":{…}}</c>.</summary>
static class LetterJson
{
    public static (PostRequest? Post, Problem? Problem) Read(JsonElement json, CallerNames names, int maxBodyBytes)
    {
        if (json.ValueKind != JsonValueKind.Object) return (null, JsonRequest.Bad("the letter", "must be a JSON object"));
        var (to, groups, except) = (new List<MailboxName>(), new List<GroupName>(), new List<MailboxName>());
        var problem = JsonRequest.Unknown(json, "", "to", "groups", "except", "message");
        problem ??= json.TryGetProperty("to", out var list) ? names.Read(list, "to", to) : null;
        problem ??= json.TryGetProperty("groups", out list) ? names.Read(list, "groups", groups) : null;
        problem ??= json.TryGetProperty("except", out list) ? names.Read(list, "except", except) : null;
        if (problem is null && to.Count + groups.Count == 0) problem = JsonRequest.Bad("to, groups", "must name at least one target");
        if (problem is not null) return (null, problem);
        var (draft, fault) = ReadMessage(json, maxBodyBytes);
        return draft is null ? (null, fault) : (new(draft, to, groups, except), null);
    }

    static (MessageDraft? Draft, Problem? Problem) ReadMessage(JsonElement json, int maxBodyBytes)
    {
        if (!json.TryGetProperty("message", out var message) || message.ValueKind != JsonValueKind.Object)
            return (null, JsonRequest.Bad("message", "must be a JSON object"));
        if (JsonRequest.Unknown(message, "message.", "contentType", "data", "encoding", "type", "ttl", "topic", "id", "durability", "idle") is { } problem)
            return (null, problem);
        var (body, fallback, wrong) = JsonData.Read(message, "message.");
        if (body is null) return (null, wrong);
        if (body.Length > maxBodyBytes) return (null, Problem.TooLarge(maxBodyBytes));
        var (draft, fault) = MessageFields.Read(field => TextOf(message, field.Member), body, fallback);
        return (draft, draft is null ? JsonRequest.Bad("message." + fault.Field.Member, fault.Text) : null);
    }

    // Anything but text and numbers becomes the empty string, which no field allows: so it is refused with the field's rule.
    static StringValues TextOf(JsonElement message, string member)
    {
        if (!message.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null) return default;
        if (value.ValueKind == JsonValueKind.Number) return value.GetRawText();
        return JsonData.TextOf(value) ?? "";
    }
}

/// <summary>
/// The outcomes of a request's letters, as the JSON list that answers it. The answer's status is known only at the end, and the number of
/// letters has no bound, so a long list waits in a temporary file.
/// </summary>
sealed class OutcomeList : IAsyncDisposable
{
    const int ChunkBytes = 16 << 10;
    const int MaxBytesInMemory = 1 << 20;
    const int MaxAnswerChunk = 64 << 10;

    // Millions of letters in one request; they must not fill the disk.
    const long MaxBytes = 1 << 30;

    readonly FileBufferingWriteStream _list = new(MaxBytesInMemory);
    readonly ArrayBufferWriter<byte> _newest = new();
    readonly Utf8JsonWriter _json;
    bool _isBegun;

    public OutcomeList() => _json = new(_newest, JsonAnswer.WriterOptions);

    /// <summary>No further letter may be taken.</summary>
    public bool IsFull => _list.Length > MaxBytes;

    public async ValueTask AddAsync(LetterOutcome letter)
    {
        if (_isBegun) _newest.Write(","u8);
        _isBegun = true;
        _json.Reset(_newest);
        letter.WriteTo(_json);
        _json.Flush();
        if (_newest.WrittenCount < ChunkBytes) return;
        await _list.WriteAsync(_newest.WrittenMemory).ConfigureAwait(false);
        _newest.ResetWrittenCount();
    }

    /// <param name="fault">Why the rest was not delivered; null where all was.</param>
    public async Task AnswerAsync(HttpContext http, Problem? fault)
    {
        var response = http.Response;
        var head = new ArrayBufferWriter<byte>();
        if (fault is null) head.Write("["u8);
        else
        {
            using var json = new Utf8JsonWriter(head, JsonAnswer.WriterOptions);
            json.WriteStartObject();
            fault.WriteMembers(json);
            json.WriteStartArray("delivered"u8);
        }
        _newest.Write(fault is null ? "]"u8 : "]}"u8);
        response.StatusCode = fault?.Kind.Status ?? StatusCodes.Status200OK;
        response.ContentType = fault is null ? "application/json" : "application/problem+json";
        response.ContentLength = head.WrittenCount + _list.Length + _newest.WrittenCount;
        if (fault is not null) response.Headers.CacheControl = "no-store";
        // The list is read by the kilobyte; without a buffer each would be a packet.
        var body = new BufferedStream(response.Body, (int)Math.Min(response.ContentLength.Value, MaxAnswerChunk));
        await body.WriteAsync(head.WrittenMemory).ConfigureAwait(false);
        await _list.DrainBufferAsync(body).ConfigureAwait(false);
        await body.WriteAsync(_newest.WrittenMemory).ConfigureAwait(false);
        await body.FlushAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync().ConfigureAwait(false);
        await _list.DisposeAsync().ConfigureAwait(false);
    }
}
