using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// What becomes of a backend's answer to a client's message: an ordinary one is the client's, one of parts is taken apart and delivered
/// (spec section 6).
/// </summary>
sealed class UplinkAnswers(LetterDeliveries deliveries)
{
    const int LowestFinal = 200;

    // RFC 9110 section 7.6.1, and what the server writes by itself.
    static readonly HashSet<string> s_notPassed = new(StringComparer.OrdinalIgnoreCase)
        { "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Date", "Server", "Alt-Svc" };

    /// <summary>Whether the backend has dealt with it: everything but a failure that may pass.</summary>
    public static bool IsFinal(HttpResponseMessage answer) => (int)answer.StatusCode is < 500 and not (408 or 429);

    /// <summary>Nobody waits for the answer; what it says to others is delivered, as far as it is whole.</summary>
    public Task SpreadAsync(HttpResponseMessage answer, CancellationToken cancel) =>
        IsMultiplex(answer) ? TakeApartAsync(answer, cancel) : Task.CompletedTask;

    public async Task WriteAsync(HttpContext http, HttpResponseMessage answer, CancellationToken cancel)
    {
        if (!IsMultiplex(answer))
        {
            await PassAsync(http, answer, cancel).ConfigureAwait(false);
            return;
        }
        var (part, problem) = await TakeApartAsync(answer, cancel).ConfigureAwait(false);
        await (problem is not null
            ? new Problem(ProblemKinds.BackendFailed, $"{problem.Detail} Whole parts before it were delivered.").WriteAsync(http)
            : part is null ? http.NoContent() : WritePartAsync(http, part)).ConfigureAwait(false);
    }

    static bool IsMultiplex(HttpResponseMessage answer) => MultiplexMediaType.IsMultiplex(TypeOf(answer));

    static string? TypeOf(HttpResponseMessage answer) =>
        answer.Content.Headers.TryGetValues("Content-Type", out var types) ? types.FirstOrDefault() : null;

    /// <returns>The part that is the answer itself, if any; or what is wrong with the body.</returns>
    async Task<(MultiplexPart? Answer, Problem? Problem)> TakeApartAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var (boundary, problem) = MultiplexMediaType.BoundaryOf(TypeOf(answer));
        if (problem is not null) return (null, problem);
        var delivery = deliveries.Begin(static _ => ValueTask.CompletedTask);
        var body = PipeReader.Create(await answer.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false));
        var read = await DeliverAllAsync(deliveries.Read(body, boundary!), delivery, cancel).ConfigureAwait(false);
        await delivery.FinishAsync().ConfigureAwait(false);
        await body.CompleteAsync().ConfigureAwait(false);
        return read;
    }

    static async Task<(MultiplexPart? Answer, Problem? Problem)> DeliverAllAsync(MultiplexReader parts, LetterDelivery delivery, CancellationToken cancel)
    {
        MultiplexPart? answer = null;
        while (await parts.ReadAsync(cancel).ConfigureAwait(false) is { IsEnd: false } read)
        {
            if (read.Part is not { } part) return (answer, read.Problem);
            if (part.IsAnswer) answer ??= part;
            else if (await delivery.DeliverAsync(part).ConfigureAwait(false) is { } refused) return (answer, refused);
        }
        return (answer, null);
    }

    static Task WritePartAsync(HttpContext http, MultiplexPart part)
    {
        foreach (var (name, value) in part.Headers.Fields)
            if (name != PartHeaders.Status && IsPassed(name)) http.Response.Headers.Append(name, value);
        if (http.Response.ContentType is null) http.Response.ContentType = "text/plain";
        http.Response.StatusCode = StatusOf(part.Headers.Find(PartHeaders.Status).ToString());
        if (http.Response.StatusCode is StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) return Task.CompletedTask;
        return JsonAnswer.WriteAsync(http, part.Body.Span);
    }

    // "404", or "404 Not Found" as CGI has it.
    static int StatusOf(string text) =>
        int.TryParse(text.AsSpan(0, Math.Min(3, text.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= LowestFinal and <= 599
            ? status : StatusCodes.Status200OK;

    static bool IsPassed(string name) => !s_notPassed.Contains(name) && !name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase);

    static Task PassAsync(HttpContext http, HttpResponseMessage answer, CancellationToken cancel)
    {
        http.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            if (!s_notPassed.Contains(name)) http.Response.Headers[name] = values.ToArray();
        return answer.Content.CopyToAsync(http.Response.Body, cancel);
    }
}
