using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>The part of a multiplexed answer that has no address: the answer to the request itself. Without one the answer is 204.</summary>
sealed class OwnPart(HttpContext http, BackendAnswer answer, Visitor visitor, TimeProvider time)
{
    const int StatusDigits = 3;
    static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(100);

    MultiplexPart? _part;
    long _status;
    Task _patienceEnds = Task.CompletedTask;

    /// <returns>Why it cannot be the answer.</returns>
    public Problem? Take(MultiplexPart part)
    {
        if (_part is not null) return new(ProblemKinds.BackendFailed, "Two parts have no address; only one can be the answer.");
        var status = part.Headers.Find(PartHeaders.Status);
        if (status.Count == 0) _status = answer.Status;
        else if (status.Count > 1 || !TryReadStatus(status.ToString(), out _status))
            return new(ProblemKinds.BackendFailed, "Status: must be given once, as a number from 200 to 599.");
        _part = part;
        _patienceEnds = Task.Delay(s_patience, time);
        return null;
    }

    /// <summary>Waits for what comes after it; where that takes long, the client is answered first.</summary>
    public async ValueTask<PartRead> SendAheadOfAsync(ValueTask<PartRead> next)
    {
        if (_part is null || next.IsCompleted || http.Response.HasStarted) return await next.ConfigureAwait(false);
        var reading = next.AsTask();
        if (await Task.WhenAny(reading, _patienceEnds).ConfigureAwait(false) != reading)
        {
            // This connection is busy until the application is done: the client's next request had better not wait for it here.
            if (http.Request.Protocol == HttpProtocol.Http11) http.Response.Headers.Connection = "close";
            await SendAsync().ConfigureAwait(false);
        }
        return await reading.ConfigureAwait(false);
    }

    public async Task SendAsync()
    {
        AnswerHead.Copy(http, answer);
        ForgetBody();
        if (_part is not null) CopyHead(_part);
        else if (answer.Status < StatusCodes.Status400BadRequest) http.Response.StatusCode = StatusCodes.Status204NoContent;
        // Behind the part's own head, which may say something else of caching.
        AnswerHead.Remember(http, visitor);
        if (_part is null) return;
        var hasBody = _status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        if (hasBody) await JsonAnswer.WriteAsync(http, _part.Body.Span).ConfigureAwait(false);
        else await http.Response.StartAsync(CancellationToken.None).ConfigureAwait(false);
    }

    // As it stands in CGI too: 404, or 404 Not Found.
    static bool TryReadStatus(string text, out long status) =>
        WholeNumber.TryParse(text.AsSpan(0, Math.Min(StatusDigits, text.Length)), out status) && status is >= 200 and <= 599 && (text.Length == StatusDigits || text[StatusDigits] == ' ');

    // What the head says of the whole body is not true of the part.
    void ForgetBody()
    {
        var headers = http.Response.Headers;
        headers.ContentLength = null;
        headers.ContentType = default;
        headers.ContentEncoding = default;
        headers.ETag = default;
    }

    void CopyHead(MultiplexPart part)
    {
        var headers = http.Response.Headers;
        http.Response.StatusCode = (int)_status;
        if (part.Body.Length > 0) headers.ContentType = "text/plain";
        foreach (var (name, value) in part.Headers.Fields)
            if (name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)) headers.Append(name, AsBytes(value));
            else if (IsOfAnswer(name)) headers[name] = AsBytes(value);
    }

    static bool IsOfAnswer(string name) =>
        !name.Equals(PartHeaders.Status, StringComparison.OrdinalIgnoreCase) && !HeaderRules.IsOwn(name) && !HeaderRules.IsForOneConnection(name, default);

    // Parts are read as UTF-8 and heads written as Latin-1.
    static string AsBytes(string value) => Ascii.IsValid(value) ? value : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));
}
