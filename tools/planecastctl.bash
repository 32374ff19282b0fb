# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of planecastctl for bash: commands from the program, names of VMs from the server.
# shellcheck shell=bash

_planecastctl() {
	local word=${COMP_WORDS[COMP_CWORD]} command="" socket=() words=() vms i
	local options="--socket --json --help --version"

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) socket=(--socket "${COMP_WORDS[++i]}") ;;
		--lifetime | --role | --name | --config) ((i++)) ;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	command=${words[0]}
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--socket | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--role)
		mapfile -t COMPREPLY < <(compgen -W "view control" -- "$word")
		return
		;;
	--lifetime | --name) return ;;
	esac
	if [[ $word == -* ]]; then
		case $command in
		disconnect) options+=" --all" ;;
		doctor | import-libvirt) options+=" --config" ;;
		list) options+=" --names" ;;
		ticket) options+=" --lifetime --role --name" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		return
	fi
	case $command:${#words[@]} in
	:0) mapfile -t COMPREPLY < <(compgen -W "$(planecastctl --commands)" -- "$word") ;;
	loglevel:1) mapfile -t COMPREPLY < <(compgen -W "error warn notice info debug" -- "$word") ;;
	ticket:2) mapfile -t COMPREPLY < <(compgen -W "vnc spice" -- "$word") ;;
	screenshot:2 | import-libvirt:1) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	status:1 | doctor:1 | clients:1 | events:1 | screenshot:1 | ticket:1 | disconnect:1)
		# Names may have blanks and what else means something to a shell.
		mapfile -t vms < <(planecastctl "${socket[@]}" list --names 2>/dev/null)
		for i in "${vms[@]}"; do
			[[ $i != "$word"* ]] || COMPREPLY+=("$(printf %q "$i")")
		done
		;;
	esac
}
complete -F _planecastctl planecastctl
