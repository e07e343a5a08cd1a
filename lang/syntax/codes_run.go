package syntax

// runCodes documents the codes of the phases in which a program runs. Package
// frontend/lang gives them.
var runCodes = []CodeInfo{
	{"panic", PhaseStream, "the program gave up",
		"panic(\"no\")\n",
		"A panic statement was given a true condition or a message. The program ends; nothing can catch it."},
	{"uncaught-error", PhaseStream, "a function failed and nothing caught it",
		"test [[\"a\"][9]] {}\n",
		"The error reached a resource. Where it is to be expected, give a value to use instead with <|>. A graph that is in force stays until the error is gone."},
	{"no-value", PhaseStream, "a function has not delivered a value",
		"",
		"There is no graph before every event source of the program has a first value."},
	{"missing-file", PhaseStream, "a file that the program reads does not travel with it",
		"",
		"Functions like deploy.readfile read files from the directory of the program, and of modules that it imports. With a deploy of one .mcl file travels only what is in files/ beside it; with a deploy of a directory, all that is in it. It is an error if no host can run the program without the file, or if only the hosts would be without it."},
	{"refused-resource", PhaseInterpret, "a resource or edge cannot be",
		"test \"a\" { int8 => 1000, }\n",
		"The kind refuses the parameters, a name is empty, or an edge leads to nothing. A graph that is in force stays until the program asks for something possible."},
	{"conflicting-resources", PhaseInterpret, "a resource is declared twice, differently",
		"test \"a\" { anotherstr => \"x\", }\ntest \"a\" { anotherstr => \"y\", }\n",
		"Two declarations of one kind and name have to say the same, or to be of a kind that knows how to merge them."},
	{"edge-cycle", PhaseInterpret, "the edges make a cycle",
		"noop \"a\" {}\nnoop \"b\" { Before => Noop[\"a\"], }\nNoop[\"a\"] -> Noop[\"b\"]\n",
		"Each of the resources would have to wait for the others. Edges come from Before, Depend, Listen and Notify, from -> between resources, and from values that one sends to another."},
}
