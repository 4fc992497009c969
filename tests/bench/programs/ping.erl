%% The same as ping.ts, for Erlang's own distribution. What it is told stands
%% behind -extra, as names and values in turn.
-module(ping).
-export([main/0]).

main() ->
    Spec = spec(init:get_plain_arguments()),
    register(peer, self()),
    say("open ~s", ["\"\""]),
    Main = self(),
    spawn_link(fun() -> read(Main) end),
    case number("self", Spec) of
        0 -> answer();
        1 -> receive go -> go(number("count", Spec), number("size", Spec)) end
    end.

spec([Name, Value | Rest]) -> maps:put(Name, Value, spec(Rest));
spec([]) -> #{}.

number(Name, Spec) -> list_to_integer(maps:get(Name, Spec)).

%% What the benchmark says on standard input.
read(Main) ->
    case io:get_line("") of
        "go" ++ _ -> Main ! go, read(Main);
        _ -> halt()
    end.

answer() ->
    receive
        #{from := From, id := _} = Ping ->
            From ! Ping#{from := self()},
            answer()
    end.

go(Count, Size) ->
    Filler = binary:copy(<<"x">>, Size - 31),
    _ = [ask(Id, Filler) || Id <- lists:seq(1, 2000)],
    Took = lists:sort([ask(Id, Filler) || Id <- lists:seq(1, Count)]),
    say("took {\"p50\":~w,\"p99\":~w,\"p999\":~w}",
        [at(Took, Count, Part) || Part <- [0.5, 0.99, 0.999]]),
    receive after infinity -> ok end.

ask(Id, Filler) ->
    StartedAt = erlang:monotonic_time(nanosecond),
    {peer, 'peer0@127.0.0.1'} ! #{from => self(), id => Id, text => Filler},
    receive #{id := Id} -> ok end,
    (erlang:monotonic_time(nanosecond) - StartedAt) / 1000.

at(Took, Count, Part) -> lists:nth(ceil(Part * Count), Took).

say(Format, Arguments) -> io:format(Format ++ "~n", Arguments).
