using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>An expected refusal (RFC 9457).</summary>
/// <param name="Detail">Names the field and what is allowed.</param>
/// <param name="RetryAfter">Seconds; 0 where trying again does not help.</param>
sealed record Problem(ProblemKind Kind, string Detail, int RetryAfter = 0)
{
    const int SoonSeconds = 1;
    const int LaterSeconds = 5;

    /// <summary>The refusal that an outcome of the grid means; null where it is none.</summary>
    public static Problem? Of(Outcome outcome) => outcome switch
    {
        Outcome.Stored or Outcome.Dropped or Outcome.Excepted => null,
        Outcome.MailboxFull => new(ProblemKinds.MailboxFull, "The mailbox is at its bounds and its overflow policy is 'reject'."),
        Outcome.TooLarge => new(ProblemKinds.TooLarge, "The body is larger than this mailbox, or the whole grid, allows for one message."),
        Outcome.KeyReused => new(ProblemKinds.KeyReused, "This Idempotency-Key was used within its time with a different message."),
        Outcome.TooManyKeys => new(ProblemKinds.TooManyKeys, "As many idempotency keys are remembered as are allowed.", LaterSeconds),
        Outcome.NotFound => new(ProblemKinds.NotFound, "There is no such mailbox, message or group."),
        Outcome.Overloaded => new(ProblemKinds.Overloaded, "More work waits for the store than is allowed.", SoonSeconds),
        Outcome.StoreFull => new(ProblemKinds.StoreFull, "The disk is full; nothing was stored.", LaterSeconds),
        Outcome.NotOwner => new(ProblemKinds.Moved, "The mailbox is moving, or no silo is there; repeat the request.", SoonSeconds),
        Outcome.Stopping => Draining,
        Outcome.NotKept => new(ProblemKinds.NotKept, "Durability: the store of this server cannot keep a message at this level."),
        _ => new(ProblemKinds.StoreFailed, "The outcome is unknown: repeat the request with the same Idempotency-Key.", LaterSeconds),
    };

    public static Problem Draining { get; } = new(ProblemKinds.Draining, "The server is shutting down; come back to it or to another.", LaterSeconds);

    public static Problem Unavailable { get; } = new(ProblemKinds.StoreFailed, "The store cannot be read now.", LaterSeconds);

    public static Problem NotLoopback { get; } = new(
        ProblemKinds.NotLoopback,
        "Whoever reaches the mailboxes may read and write all of them, so they are served on loopback addresses (127.0.0.1, ::1) only. "
        + "Put a proxy that authenticates in front of them to offer them to others.");

    public static Problem NoSuchRoute { get; } = new(ProblemKinds.NotFound, "There is no such route.");

    public static Problem BadMailbox(string field) =>
        new(ProblemKinds.BadName, $"{field}: a mailbox name is 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -, but not '.' or '..'.");

    public static Problem BadGroup(string field) => new(
        ProblemKinds.BadName,
        $"{field}: a group name is 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ - and /, with no empty, '.' or '..' segment.");

    public static Problem BadPosition(string field) =>
        new(ProblemKinds.BadPosition, $"{field}: a position is EPOCH.SEQUENCE, as the server told it.");

    public static Problem TooLarge(long limit) => new(ProblemKinds.TooLarge, $"The body is larger than {limit} bytes.");

    public Task WriteAsync(HttpContext http) => WriteAsync(http, this, static (_, _) => { });

    /// <param name="extend">Writes more members (RFC 9457 section 3.2); static, as for any answer.</param>
    public Task WriteAsync<T>(HttpContext http, T value, Action<Utf8JsonWriter, T> extend)
    {
        if (RetryAfter > 0) http.Response.Headers.RetryAfter = RetryAfter.ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(http, Kind.Status, (Problem: this, value, extend), static (json, all) =>
        {
            json.WriteStartObject();
            all.Problem.WriteMembers(json);
            all.extend(json, all.value);
            json.WriteEndObject();
        }, "application/problem+json");
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteMembers(json);
        json.WriteEndObject();
    }

    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("type"u8, Kind.Type);
        json.WriteString("title"u8, Kind.Title);
        json.WriteNumber("status"u8, Kind.Status);
        json.WriteString("detail"u8, Detail);
    }
}
