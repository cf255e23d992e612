using System.IO.Pipelines;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>
/// Takes a multiplexed body apart: <c>multipart/*</c> or <c>application/x-multiplex</c>, each part addressed by its own headers, any
/// number of <c>Mailbox</c>, <c>Group</c> and <c>Except</c> (spec section 6). Lines end with CRLF, or all with a bare LF.
/// </summary>
sealed class LetterParts
{
    const int MaxHeaderCount = 10_000;
    const int MaxHeaderBytes = 1 << 20;
    const int MaxBoundaryLength = 70;

    readonly string _boundary;
    readonly PipeReader _body;
    readonly int _maxBodyBytes;
    MultipartReader? _reader;
    bool _hasBareLines;

    LetterParts(string boundary, Stream body, int maxBodyBytes)
    {
        (_boundary, _maxBodyBytes) = (boundary, maxBodyBytes);
        _body = PipeReader.Create(body, new(leaveOpen: true));
    }

    public static bool IsMultiplexed(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && IsMultiplexed(type);

    static bool IsMultiplexed(MediaTypeHeaderValue type) =>
        type.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase)
        || type.MediaType.Equals("application/x-multiplex", StringComparison.OrdinalIgnoreCase);

    /// <returns>Null where the content type has no usable boundary (RFC 2046 section 5.1.1).</returns>
    public static LetterParts? Of(string? contentType, Stream body, int maxBodyBytes)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) return null;
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return boundary.Length is 0 or > MaxBoundaryLength ? null : new(boundary, body, maxBodyBytes);
    }

    /// <summary>Reads one whole part.</summary>
    /// <returns>The letter; or what is wrong with it; or neither at the end.</returns>
    public async ValueTask<(PostRequest? Post, Problem? Problem)> NextAsync()
    {
        try
        {
            _reader ??= await BeginAsync().ConfigureAwait(false);
            return await _reader.ReadNextSectionAsync().ConfigureAwait(false) is { } part ? await ReadAsync(part).ConfigureAwait(false) : default;
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            return (null, JsonRequest.Bad("the body", "breaks off or is malformed"));
        }
    }

    async ValueTask<MultipartReader> BeginAsync()
    {
        _hasBareLines = await BareLines.AreInAsync(_body).ConfigureAwait(false);
        var lines = _hasBareLines ? new BareLines(_body) : _body.AsStream(leaveOpen: true);
        return new(_boundary, lines) { HeadersCountLimit = MaxHeaderCount, HeadersLengthLimit = MaxHeaderBytes, BodyLengthLimit = null };
    }

    async ValueTask<(PostRequest? Post, Problem? Problem)> ReadAsync(MultipartSection part)
    {
        if (await ReadBodyAsync(part.Body).ConfigureAwait(false) is not { } body) return (null, Problem.TooLarge(_maxBodyBytes));
        var headers = part.Headers ?? [];
        StringValues Find(string name) => headers.GetValueOrDefault(name);
        var (draft, problem) = MessageFields.ReadHeaders(Find, body, "text/plain");
        if (draft is null) return (null, problem);
        var to = Names<MailboxName>(Find("Mailbox"), MailboxName.TryParse, Problem.BadMailbox("Mailbox"), ref problem);
        var groups = Names<GroupName>(Find("Group"), GroupName.TryParse, Problem.BadGroup("Group"), ref problem);
        var except = Names<MailboxName>(Find("Except"), MailboxName.TryParse, Problem.BadMailbox("Except"), ref problem);
        if (to.Count + groups.Count == 0) problem ??= new(ProblemKinds.BadHeader, "Mailbox, Group: a part must name at least one target.");
        return problem is null ? (new(draft, to, groups, except), null) : (null, problem);
    }

    async ValueTask<byte[]?> ReadBodyAsync(Stream part)
    {
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        // What is read of bare lines has up to twice the bytes that were sent.
        var limit = _hasBareLines ? 2L * _maxBodyBytes : _maxBodyBytes;
        int read;
        while ((read = await part.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            if (body.Length + read > limit) return null;
            body.Write(buffer, 0, read);
        }
        var sent = _hasBareLines ? BareLines.Restore(body.GetBuffer().AsSpan(0, (int)body.Length)) : body.ToArray();
        return sent.Length > _maxBodyBytes ? null : sent;
    }

    delegate bool Parser<T>(string? text, out T name);

    // A list in one header means the same as several headers (RFC 9110 section 5.3); no name has a comma.
    static List<T> Names<T>(StringValues values, Parser<T> parse, Problem fault, ref Problem? problem)
    {
        var names = new List<T>();
        foreach (var value in values)
            foreach (var text in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
                if (parse(text, out var name)) names.Add(name);
                else problem ??= fault;
        return names;
    }
}
