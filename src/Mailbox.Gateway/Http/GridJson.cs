using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>The grid's results as JSON (spec section 5).</summary>
static class GridJson
{
    public static void WriteDelivered(Utf8JsonWriter json, (MailboxName Mailbox, DeliverResult Result) answer) => WriteTarget(json, answer.Mailbox, answer.Result);

    public static void WriteSent(Utf8JsonWriter json, (GroupName Group, SendResult Result) answer) => WriteTarget(json, answer.Group, answer.Result);

    /// <summary>The outcome of a message for each of its targets.</summary>
    public static void WritePosted(Utf8JsonWriter json, PostRequest post, PostResult result)
    {
        json.WriteStartObject();
        json.WriteStartArray("to"u8);
        for (var i = 0; i < post.To.Count; i++) WriteTarget(json, post.To[i], result.To[i]);
        json.WriteEndArray();
        json.WriteStartArray("groups"u8);
        for (var i = 0; i < post.Groups.Count; i++) WriteTarget(json, post.Groups[i], result.Groups[i]);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteTarget(Utf8JsonWriter json, MailboxName mailbox, DeliverResult result)
    {
        json.WriteStartObject();
        json.WriteString("mailbox"u8, mailbox.ToString());
        if (Problem.Of(result.Outcome) is { } problem) WriteProblem(json, problem);
        else if (result.Outcome == Outcome.Dropped) json.WriteBoolean("dropped"u8, true);
        else if (result.Outcome == Outcome.Excepted) json.WriteBoolean("excepted"u8, true);
        else
        {
            WritePosition(json, "position"u8, result.Position);
            json.WriteNumber("connections"u8, result.Connections);
            json.WriteString("expires"u8, result.Expires.UtcDateTime);
        }
        json.WriteEndObject();
    }

    static void WriteTarget(Utf8JsonWriter json, GroupName group, SendResult result)
    {
        json.WriteStartObject();
        json.WriteString("group"u8, group.ToString());
        if (Problem.Of(result.Outcome) is { } problem) WriteProblem(json, problem);
        else
        {
            json.WriteNumber("members"u8, result.Members);
            json.WriteNumber("stored"u8, result.Stored);
            json.WriteNumber("refused"u8, result.Refused);
        }
        json.WriteEndObject();
    }

    public static void WriteProblem(Utf8JsonWriter json, Problem problem)
    {
        json.WritePropertyName("problem"u8);
        problem.WriteTo(json);
    }

    public static void WriteState(Utf8JsonWriter json, MailboxInfo info)
    {
        json.WriteStartObject();
        json.WriteString("epoch"u8, info.Last.Epoch.ToString("x", System.Globalization.CultureInfo.InvariantCulture));
        WritePosition(json, "first"u8, info.First);
        WritePosition(json, "last"u8, info.Last);
        WritePosition(json, "acknowledged"u8, info.Acknowledged);
        json.WriteNumber("messages"u8, info.Messages);
        json.WriteNumber("bytes"u8, info.Bytes);
        json.WriteNumber("connections"u8, info.Connections);
        json.WriteStartArray("groups"u8);
        foreach (var group in info.Groups) json.WriteStringValue(group.ToString());
        json.WriteEndArray();
        json.WriteString("expires"u8, info.Expires.UtcDateTime);
        json.WriteEndObject();
    }

    public static void WriteGroup(Utf8JsonWriter json, (GroupName Group, GroupPage Page) answer)
    {
        json.WriteStartObject();
        json.WriteString("group"u8, answer.Group.ToString());
        json.WriteNumber("count"u8, answer.Page.Count);
        WriteList(json, "members"u8, answer.Page.Members);
        WriteNext(json, answer.Page.Next);
        json.WriteEndObject();
    }

    public static void WriteMembers(Utf8JsonWriter json, (GroupName Group, MembersResult Result) answer)
    {
        json.WriteStartObject();
        json.WriteString("group"u8, answer.Group.ToString());
        json.WriteNumber("added"u8, answer.Result.Added);
        json.WriteNumber("removed"u8, answer.Result.Removed);
        json.WriteNumber("count"u8, answer.Result.Count);
        json.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<MailboxName> names)
    {
        json.WriteStartArray(name);
        foreach (var mailbox in names) json.WriteStringValue(mailbox.ToString());
        json.WriteEndArray();
    }

    public static void WriteNext(Utf8JsonWriter json, string? next)
    {
        if (next is null) json.WriteNull("next"u8);
        else json.WriteString("next"u8, next);
    }

    static void WritePosition(Utf8JsonWriter json, ReadOnlySpan<byte> name, Position position)
    {
        Span<byte> text = stackalloc byte[Position.MaxTextLength];
        json.WriteString(name, text[..position.Format(text)]);
    }
}
